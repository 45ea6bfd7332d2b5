import NovaCore
import NovaCrypto
import NovaModel
import NovaSchema

/// What a Glance says of an image.
struct GlanceImage: Sendable {
    let reference: ImageReference
    let visibility: String
    let isProtected: Bool
    /// The sum that its data must have, by the best algorithm that we know; nil when Glance names none.
    let sum: (algorithm: HashAlgorithm, hex: String)?

    /// - Throws: ``NovaError`` `unavailable` for a body that is no image.
    init(_ body: JSONValue) throws {
        guard let text = body["id"]?.stringValue, let id = ImageID(text), let status = body["status"]?.stringValue
        else {
            throw NovaError(.unavailable, "The image service cannot be understood.", details: "its answer is no image")
        }
        var reference = ImageReference()
        reference.id = id
        reference.name = body["name"]?.stringValue ?? ""
        reference.status = status
        reference.diskFormat = body["disk_format"]?.stringValue ?? ""
        reference.containerFormat = body["container_format"]?.stringValue ?? ""
        reference.size = max(0, body["size"]?.integerValue ?? 0)
        reference.minDiskGB = max(0, body["min_disk"]?.integerValue ?? 0)
        reference.minRAMMB = max(0, body["min_ram"]?.integerValue ?? 0)
        reference.owner = ProjectID(body["owner"]?.stringValue ?? "")
        for (name, value) in body.objectValue ?? JSONObject() where !ImageAttributes.base.contains(name) {
            reference.properties[name] = value.stringValue
        }
        let algorithm = body["os_hash_algo"]?.stringValue.flatMap { HashAlgorithm(rawValue: $0) }
        if let algorithm, let hex = body["os_hash_value"]?.stringValue {
            sum = (algorithm, hex.lowercased())
            if algorithm == .sha512 { reference.sha512 = hex.lowercased() }
        } else if let hex = body["checksum"]?.stringValue {
            sum = (.md5, hex.lowercased())
        } else {
            sum = nil
        }
        self.reference = reference
        visibility = body["visibility"]?.stringValue ?? "private"
        isProtected = body["protected"]?.boolValue ?? false
    }

    /// Whether a project may know of it, so far as the image itself says; nil when that rests on its members.
    func isVisible(to project: ProjectID) -> Bool? {
        if visibility == "public" || visibility == "community" { return true }
        if !project.text.isEmpty, project == reference.owner { return true }
        return visibility == "shared" && !project.text.isEmpty ? nil : false
    }
}

/// Compares data on its way with what Glance says of it.
struct GlanceDataCheck {
    private let image: GlanceImage
    private var hasher: (any StreamHasher)?
    private(set) var count: Int64 = 0

    init(_ image: GlanceImage) {
        self.image = image
        switch image.sum?.algorithm {
        case .sha512: hasher = SHA512Hasher()
        case .sha256: hasher = SHA256Hasher()
        case .md5: hasher = MD5Hasher()
        case .sha1, nil: hasher = nil
        }
    }

    /// - Throws: ``NovaError`` `preconditionFailed` when there is more than there should be.
    mutating func add(_ bytes: [UInt8]) throws {
        count += Int64(bytes.count)
        guard image.reference.size == 0 || count <= image.reference.size else { throw differs("more than its size") }
        hasher?.update(bytes)
    }

    /// - Throws: ``NovaError`` `preconditionFailed` when the data is not what it should be.
    func finish() throws {
        guard image.reference.size == 0 || count == image.reference.size else { throw differs("\(count) bytes") }
        guard let hasher, let sum = image.sum else { return }
        let hex = Hex.encode(hasher.digest())
        guard hex == sum.hex else { throw differs("\(sum.algorithm.rawValue) \(hex)") }
    }

    private func differs(_ what: String) -> NovaError {
        NovaError(
            .preconditionFailed, "The image's data is not what the image service says of it.",
            details: "image \(image.reference.id): \(what)")
    }
}
