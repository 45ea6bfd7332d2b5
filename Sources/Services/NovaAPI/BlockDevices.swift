import NovaCore
import NovaModel
import NovaSchema

/// `imageRef` and the block device mappings of a create request: the image of the root disk, and blank local disks.
struct BlockDevices {
    /// The image that the root disk is made of.
    let image: ImageID

    /// - Throws: `badRequest` for what contradicts itself or the flavor, and for volumes, which nobody serves.
    init(_ body: JSONValue, _ flavor: Flavor) throws {
        let mappings = body["block_device_mapping_v2"]?.arrayValue ?? []
        guard mappings.isEmpty || body["block_device_mapping"] == nil else {
            throw NovaError(
                .badRequest, "Using different block_device_mapping syntaxes is not allowed in the same request.")
        }
        guard (body["block_device_mapping"]?.arrayValue ?? []).isEmpty else { throw Self.volumes }
        let reference = body["imageRef"]?.stringValue ?? ""
        var root = reference.isEmpty ? nil : reference
        var ephemeralGB: Int64 = 0
        var swapMB: Int64 = 0
        for mapping in mappings {
            let source = mapping["source_type"]?.stringValue ?? (mapping["no_device"] == nil ? "" : "blank")
            let target = mapping["destination_type"]?.stringValue ?? (source == "blank" ? "local" : "volume")
            guard target == "local" else { throw Self.volumes }
            switch source {
            case "image":
                let id = mapping["uuid"]?.stringValue ?? mapping["image_id"]?.stringValue ?? ""
                guard mapping["boot_index"]?.lenientInteger == 0 else {
                    throw NovaError(
                        .badRequest,
                        "Block Device Mapping is Invalid: Mapping image to local is not supported except for "
                            + "boot_index 0.")
                }
                guard reference.isEmpty || reference == id else {
                    throw NovaError(
                        .badRequest, "Block Device Mapping is Invalid: it names another image than imageRef.")
                }
                root = id
            case "blank" where mapping["guest_format"]?.stringValue == "swap":
                swapMB = swapMB.saturatingAdd(mapping["volume_size"]?.lenientInteger ?? 0)
            case "blank":
                ephemeralGB = ephemeralGB.saturatingAdd(mapping["volume_size"]?.lenientInteger ?? 0)
            default: throw Self.volumes
            }
        }
        guard ephemeralGB <= flavor.ephemeralGB else {
            throw NovaError(.badRequest, "Ephemeral disks requested are larger than the instance type allows.")
        }
        guard swapMB <= flavor.swapMB else {
            throw NovaError(.badRequest, "Swap drive requested is larger than instance type allows.")
        }
        guard let root else { throw NovaError(.badRequest, "Missing imageRef attribute") }
        guard let image = ImageID(root) else { throw NovaError(.badRequest, "Invalid imageRef provided.") }
        self.image = image
    }

    private static let volumes = NovaError(
        .badRequest, "Block Device Mapping is Invalid: this cloud has no volume service; name an image.")
}

extension Int64 {
    /// The sum, or the greatest number there is.
    fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
