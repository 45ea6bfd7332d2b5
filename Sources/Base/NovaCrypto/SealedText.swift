import Crypto
public import NovaCore

/// Text that only the holder of a key can read or change (ChaCha20-Poly1305, RFC 8439).
///
/// Bound to a context, such as the id of its row: text that was moved elsewhere does not open.
public struct TextSealer: Sendable {
    private let key: SymmetricKey

    /// A sealer with a key of 32 bytes.
    ///
    /// - Throws: ``NovaError`` `malformed` for another length.
    public init(key: Secret<[UInt8]>) throws {
        guard key.reveal().count == 32 else {
            throw NovaError(.malformed, "A key is not valid.", details: "a key for sealing has 32 bytes")
        }
        self.key = SymmetricKey(data: key.reveal())
    }

    /// The text sealed, in URL base64.
    ///
    /// - Throws: ``NovaError`` `internal` when the library fails.
    public func seal(_ text: Secret<String>, context: String) throws -> String {
        do {
            let box = try ChaChaPoly.seal(
                Array(text.reveal().utf8), using: key, authenticating: Array(context.utf8))
            return Base64.encodeURL(Array(box.combined))
        } catch {
            throw NovaError(.internal, "An internal error occurred.", details: "sealing: \(error)")
        }
    }

    /// The text in what ``seal(_:context:)`` made.
    ///
    /// - Throws: ``NovaError`` `internal` when it was made with another key or for another context, or was changed.
    public func open(_ sealed: String, context: String) throws -> Secret<String> {
        guard let bytes = Base64.decodeURL(sealed), let box = try? ChaChaPoly.SealedBox(combined: bytes),
            let plain = try? ChaChaPoly.open(box, using: key, authenticating: Array(context.utf8)),
            let text = String(validating: plain, as: UTF8.self)
        else {
            throw NovaError(
                .internal, "An internal error occurred.", details: "sealed text cannot be opened: is the key the same?")
        }
        return Secret(text)
    }
}
