/// libzmq's question whether a connection may come in (ZAP 1.0, rfc 27): the frames as a REP socket gets them.
struct ZAPRequest: Equatable {
    static let version = Array("1.0".utf8)
    /// The frames of a CURVE request: version, id, domain, address, routing id, mechanism, public key.
    static let frameCount = 7

    let id: [UInt8]
    let domain: String
    let address: String
    let mechanism: String
    let credentials: [UInt8]

    /// Reads a request's frames; nil when they are none.
    init?(_ frames: [[UInt8]]) {
        guard frames.count >= Self.frameCount - 1, frames[0] == Self.version, frames.allSatisfy({ $0.count <= 255 })
        else { return nil }
        id = frames[1]
        domain = String(decoding: frames[2], as: UTF8.self)
        address = String(decoding: frames[3].prefix(64), as: UTF8.self)
        mechanism = String(decoding: frames[5], as: UTF8.self)
        guard mechanism != "CURVE" || (frames.count == Self.frameCount && frames[6].count == CurvePublicKey.byteCount)
        else { return nil }
        credentials = frames.count > 6 ? frames[6] : []
    }
}

/// The answer to a ``ZAPRequest``.
enum ZAPVerdict: Equatable {
    case admitted(CurvePublicKey)
    case refused(String)
    case malformed

    /// The frames: version, id, status, text, user id, metadata.
    func frames(id: [UInt8]) -> [[UInt8]] {
        let (status, text, user): (String, String, String) =
            switch self {
            case .admitted(let key): ("200", "OK", key.description)
            case .refused: ("400", "this key is not authorized", "")
            case .malformed: ("500", "malformed request", "")
            }
        return [ZAPRequest.version, id, Array(status.utf8), Array(text.utf8), Array(user.utf8), []]
    }
}
