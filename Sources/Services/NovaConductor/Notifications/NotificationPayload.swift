import NovaCore
import NovaModel
import NovaSchema
import NovaStore
import NovaWorkflow

/// The JSON of a notification of a server's action: a pure function of the event.
///
/// The objects are Nova's, of the versions that stand with them; a field for which this cloud has nothing is null or empty.
struct NotificationPayload {
    /// Who tells: `nova-conductor:HOST`.
    var publisher: String
    var event: WorkflowEvent

    private var server: ServerRecord { event.server }
    private var isCreation: Bool { event.workflow.kind == WorkflowKindName.build }

    /// The notification with its envelope.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("message_id", messageID)
            writer.field("publisher_id", publisher)
            writer.field("event_type", NotificationName.eventType(event))
            writer.field("priority", event.phase == .error ? "ERROR" : "INFO")
            writer.field("timestamp", event.workflow.updatedAt, .micro)
            writer.key("payload")
            Self.object(
                isCreation ? "InstanceCreatePayload" : "InstanceActionPayload", isCreation ? "1.12" : "1.8", &writer
            ) {
                instance(&$0)
            }
        }
        return writer.bytes
    }

    /// The same for each telling of the same moment.
    private var messageID: String {
        let id = event.workflow.id.uuid
        let phase: UInt64 =
            switch event.phase {
            case .start: 1
            case .end: 2
            case .error: 3
            }
        return UUID128(high: id.high, low: id.low ^ phase).description
    }

    /// An object of Nova's with its name and version.
    private static func object(
        _ name: String, _ version: String, _ writer: inout JSONWriter, _ data: (inout JSONWriter) -> Void
    ) {
        writer.object { writer in
            writer.field("nova_object.name", name)
            writer.field("nova_object.namespace", "nova")
            writer.field("nova_object.version", version)
            writer.field("nova_object.data", object: data)
        }
    }

    private func instance(_ writer: inout JSONWriter) {
        identity(&writer)
        place(&writer)
        state(&writer)
        times(&writer)
        writer.key("flavor")
        flavor(&writer)
        writer.field(
            "ip_addresses", array: { writer in for port in server.network.ports { Self.address(port, &writer) } })
        writer.field("block_devices", array: { _ in })
        writer.field(
            "metadata",
            object: { writer in
                for (key, value) in server.metadata.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
            })
        writer.key("fault")
        fault(&writer)
        writer.field("request_id", event.workflow.context.requestID)
        writer.field("action_initiator_user", event.workflow.context.userID.text)
        writer.field("action_initiator_project", event.workflow.context.projectID.text)
        if isCreation { creation(&writer) }
    }

    private func identity(_ writer: inout JSONWriter) {
        let properties = server.imageProperties?.properties ?? [:]
        writer.field("uuid", server.id.description)
        writer.field("display_name", server.name)
        writer.field("display_description", server.text)
        writer.field("host_name", server.hostname)
        writer.field("tenant_id", server.projectID.text)
        writer.field("user_id", server.userID.text)
        writer.field("reservation_id", server.reservationID)
        writer.field("image_uuid", server.imageID?.description ?? "")
        writer.field("kernel_id", properties["kernel_id"] ?? "")
        writer.field("ramdisk_id", properties["ramdisk_id"] ?? "")
        writer.field("os_type", properties["os_type"])
        writer.field("architecture", properties["architecture"] ?? properties["hw_architecture"])
        writer.field("key_name", server.keyName)
        writer.field("auto_disk_config", server.hasAutoDiskConfig ? "AUTO" : "MANUAL")
        writer.field("locked", server.isLocked)
        writer.field("locked_reason", server.lockedReason)
    }

    private func place(_ writer: inout JSONWriter) {
        writer.field("host", server.host)
        writer.field("node", server.node)
        writer.field("availability_zone", server.availabilityZone)
    }

    private func state(_ writer: inout JSONWriter) {
        writer.field("state", server.vmState.rawValue)
        writer.field("task_state", server.taskState?.rawValue)
        writer.field("power_state", server.powerState == .noState ? "pending" : server.powerState.rawValue)
        writer.field("progress", server.progress)
    }

    private func times(_ writer: inout JSONWriter) {
        writer.field("created_at", server.createdAt, .seconds)
        writer.field("updated_at", server.updatedAt, .seconds)
        writer.field("launched_at", server.launchedAt, .seconds)
        writer.field("terminated_at", server.terminatedAt, .seconds)
        writer.field("deleted_at", server.deletedAt, .seconds)
    }

    private func flavor(_ writer: inout JSONWriter) {
        let flavor = server.flavor
        Self.object("FlavorPayload", "1.4", &writer) { writer in
            writer.field("flavorid", flavor.id)
            writer.field("name", flavor.name)
            writer.field("memory_mb", flavor.memoryMB)
            writer.field("vcpus", flavor.vcpus)
            writer.field("root_gb", flavor.rootGB)
            writer.field("ephemeral_gb", flavor.ephemeralGB)
            writer.field("swap", flavor.swapMB)
            writer.field("rxtx_factor", 1.0)
            writer.field("vcpu_weight", Int64(0))
            writer.field("disabled", false)
            writer.field("is_public", flavor.isPublic)
            writer.field(
                "extra_specs",
                object: { writer in
                    for (key, value) in flavor.extraSpecs.sorted(by: { $0.key < $1.key }) { writer.field(key, value) }
                })
            writer.null("projects")
            writer.field("description", flavor.text)
        }
    }

    private static func address(_ port: PortBinding, _ writer: inout JSONWriter) {
        object("IpPayload", "1.0", &writer) { writer in
            writer.field("label", port.networkName)
            writer.field("mac", port.mac)
            writer.field("meta", object: { _ in })
            writer.field("port_uuid", port.portID.description)
            writer.field("version", Int64(4))
            writer.field("address", port.fixedIP)
            writer.field("device_name", "nt\(port.portID.uuid.hex.prefix(11))")
        }
    }

    private func fault(_ writer: inout JSONWriter) {
        guard event.phase == .error, let error = event.workflow.error?.novaError else { return writer.null() }
        Self.object("ExceptionPayload", "1.1", &writer) { writer in
            writer.field("exception", "\(error.code)")
            writer.field("exception_message", error.message)
            writer.field("module_name", "nova")
            writer.field("function_name", event.workflow.kind)
            writer.field("traceback", error.details)
        }
    }

    private func creation(_ writer: inout JSONWriter) {
        writer.field(
            "keypairs",
            array: { writer in
                guard let name = server.keyName else { return }
                Self.object("KeypairPayload", "1.0", &writer) { writer in
                    writer.field("name", name)
                    writer.field("user_id", server.userID.text)
                    writer.field("fingerprint", "")
                    writer.field("public_key", server.keyData ?? "")
                    writer.field("type", "ssh")
                }
            })
        writer.field("tags", server.tags)
        writer.null("trusted_image_certificates")
        let digits = String(UInt64(bitPattern: server.sequence), radix: 16)
        let padding = String(repeating: "0", count: max(0, 8 - digits.count))
        writer.field("instance_name", "instance-\(padding)\(digits)")
    }
}
