import NovaCore
import NovaModel
import NovaSchema

/// `imageRef` and the block device mappings of a create request: the image of the root disk, and blank local disks.
struct BlockDevices {
    /// The image that the root disk is made of.
    let image: ImageID
    /// What the user wants of the disks; where nothing is said they are the flavor's.
    let disks: [LocalDisk]

    /// - Parameter limit: the most local disks that a request names; negative: no limit.
    /// - Throws: `badRequest` for what contradicts itself or the flavor, and for volumes, which nobody serves.
    init(_ body: JSONValue, _ flavor: Flavor, limit: Int) throws {
        let mappings = body["block_device_mapping_v2"]?.arrayValue ?? []
        guard mappings.isEmpty || body["block_device_mapping"] == nil else {
            throw NovaError(
                .badRequest, "Using different block_device_mapping syntaxes is not allowed in the same request.")
        }
        guard (body["block_device_mapping"]?.arrayValue ?? []).isEmpty else { throw Self.volumes }
        let reference = body["imageRef"]?.stringValue ?? ""
        var root = reference.isEmpty ? nil : reference
        var disks: [LocalDisk] = []
        for mapping in mappings {
            let source = mapping["source_type"]?.stringValue ?? (mapping["no_device"] == nil ? "" : "blank")
            let target = mapping["destination_type"]?.stringValue ?? (source == "blank" ? "local" : "volume")
            guard target == "local" else { throw Self.volumes }
            switch source {
            case "image":
                root = try Self.image(mapping, reference)
                disks.append(LocalDisk(.root, tag: mapping["tag"]?.stringValue))
            case "blank": disks.append(try Self.blank(mapping, flavor))
            default: throw Self.volumes
            }
        }
        try Self.check(disks, flavor, limit)
        guard let root else { throw NovaError(.badRequest, "Missing imageRef attribute") }
        guard let image = ImageID(root) else { throw NovaError(.badRequest, "Invalid imageRef provided.") }
        self.image = image
        self.disks = disks.contains { $0.kind != .root || $0.tag != nil } ? disks : []
    }

    private static func image(_ mapping: JSONValue, _ reference: String) throws -> String {
        let id = mapping["uuid"]?.stringValue ?? mapping["image_id"]?.stringValue ?? ""
        guard mapping["boot_index"]?.lenientInteger == 0 else {
            throw invalid("Mapping image to local is not supported except for boot_index 0.")
        }
        guard reference.isEmpty || reference == id else { throw invalid("it names another image than imageRef.") }
        return id
    }

    private static func blank(_ mapping: JSONValue, _ flavor: Flavor) throws -> LocalDisk {
        let size = mapping["volume_size"]?.lenientInteger
        let tag = mapping["tag"]?.stringValue
        let format = mapping["guest_format"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
        if format == "swap" { return LocalDisk(.swap, megabytes: size ?? flavor.swapMB, tag: tag) }
        if let format, !LocalDisk.formats.contains(format) {
            throw invalid(
                "this cloud makes no file system \(format); guest_format is one of "
                    + "\(LocalDisk.formats.joined(separator: ", ")), swap.")
        }
        let (megabytes, overflow) = (size ?? flavor.ephemeralGB).multipliedReportingOverflow(by: 1024)
        return LocalDisk(.ephemeral, megabytes: overflow ? .max : megabytes, format: format, tag: tag)
    }

    private static func check(_ disks: [LocalDisk], _ flavor: Flavor, _ limit: Int) throws {
        guard limit < 0 || disks.count <= limit else {
            throw invalid("it names \(disks.count) local disks, more than the \(limit) of max_local_block_devices.")
        }
        guard disks.count(where: { $0.kind == .root }) <= 1 else { throw invalid("it names two root disks.") }
        guard disks.count(where: { $0.kind == .swap }) <= 1 else {
            throw invalid("more than one swap drive requested.")
        }
        func total(_ kind: LocalDisk.Kind) -> Int64 {
            disks.filter { $0.kind == kind }.reduce(0) { $0.saturatingAdd($1.megabytes) }
        }
        guard total(.ephemeral) <= flavor.ephemeralGB << 10 else {
            throw NovaError(.badRequest, "Ephemeral disks requested are larger than the instance type allows.")
        }
        guard total(.swap) <= flavor.swapMB else {
            throw NovaError(.badRequest, "Swap drive requested is larger than instance type allows.")
        }
        // Without a size it is the flavor's, which may have none.
        guard disks.allSatisfy({ $0.kind == .root || $0.megabytes > 0 }) else {
            throw invalid("a blank disk has no size, and the flavor has none for it.")
        }
    }

    private static func invalid(_ why: String) -> NovaError {
        NovaError(.badRequest, "Block Device Mapping is Invalid: \(why)")
    }

    private static let volumes = invalid("this cloud has no volume service; name an image.")
}

extension Int64 {
    /// The sum, or the greatest number there is.
    fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
