import NovaCore
import NovaCrypto
import NovaSchema

/// Signatures of others to compare with.
enum EC2Vector {
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    /// Amazon's own example of version 4, as a service hands it on.
    static let version4: JSONValue = [
        "credentials": [
            "access": "AKIDEXAMPLE", "verb": "GET", "host": "iam.amazonaws.com", "path": "/",
            "params": ["Action": "ListUsers", "Version": "2010-05-08"],
            "signature": "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            "headers": [
                "Host": "iam.amazonaws.com", "X-Amz-Date": "20150830T123600Z",
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                "Authorization": .string(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                        + "SignedHeaders=content-type;host;x-amz-date, "
                        + "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
            ],
            "body_hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ]
    ]

    static func sign(_ text: String, _ secret: String) -> String {
        Base64.encode(HashAlgorithm.sha256.authenticationCode(of: Array(text.utf8), key: Array(secret.utf8)))
    }
}
