import NovaConfig
import NovaCore

/// What a project and an image may have.
struct ImageLimits: Sendable {
    /// Bytes of all images of a project; nil means no limit.
    var storage: Int64?
    var properties = 128
    var tags = 128
    var members = 128

    init() {}

    init(_ config: Configuration) {
        storage = Self.bytes(config[ImageOptions.storageQuota]).flatMap { $0 > 0 ? $0 : nil }
        properties = config[ImageOptions.propertyQuota]
        tags = config[ImageOptions.tagQuota]
        members = config[ImageOptions.memberQuota]
    }

    /// The number that a text such as `10GB` stands for; nil for another text.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [String: Int64] = ["": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40]
        guard let number = Int64(digits), let unit = units[text.dropFirst(digits.count).uppercased()] else {
            return nil
        }
        let (product, isOver) = number.multipliedReportingOverflow(by: unit)
        return isOver ? nil : product
    }

    static func overQuota(_ quota: Int64) -> NovaError {
        NovaError(
            .overQuota,
            "The project may store \(quota) bytes of images; this one is too much. Delete images, or ask for more.")
    }
}
