import NovaCore
import NovaCrypto
import NovaSchema

/// The blob of a credential of type `ec2`: the pair of keys.
struct EC2Blob: Sendable {
    let access: String
    let secret: Secret<String>
    /// The application credential by whose token the keys were made.
    var applicationCredential: String?

    /// New keys.
    init(applicationCredential: String?) {
        access = UUID128.random().hex
        secret = Secret(Hex.encode(RandomBytes.make(16)))
        self.applicationCredential = applicationCredential
    }

    /// Reads a blob; nil when it is none.
    init?(_ text: String) {
        guard let object = (try? JSONValue.parse(text: text))?.objectValue,
            let access = object["access"]?.stringValue, !access.isEmpty, let secret = object["secret"]?.stringValue
        else { return nil }
        self.access = access
        self.secret = Secret(secret)
        applicationCredential = object["app_cred_id"]?.stringValue
    }

    var text: String {
        var object: JSONObject = ["access": .string(access), "secret": .string(secret.reveal())]
        object["trust_id"] = .some(.null)
        if let applicationCredential { object["app_cred_id"] = .string(applicationCredential) }
        return JSONValue.object(object).text
    }

    /// The id of the credential with an access key.
    static func id(access: String) -> String { Hex.encode(HashAlgorithm.sha256.digest(Array(access.utf8))) }
}
