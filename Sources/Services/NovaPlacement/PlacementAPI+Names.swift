import NovaCore
import NovaHTTP
import NovaSchema

// What resources and traits are called.
extension PlacementAPI {
    /// The standard classes of resources; a cloud has no others.
    private static let classes = [
        "VCPU", "MEMORY_MB", "DISK_GB", "PCI_DEVICE", "SRIOV_NET_VF", "NUMA_SOCKET", "NUMA_CORE", "NUMA_THREAD",
        "NUMA_MEMORY_MB", "IPV4_ADDRESS", "VGPU", "VGPU_DISPLAY_HEAD", "NET_BW_EGR_KILOBIT_PER_SEC",
        "NET_BW_IGR_KILOBIT_PER_SEC", "PCPU", "MEM_ENCRYPTION_CONTEXT", "FPGA", "PGPU",
        "NET_PACKET_RATE_KILOPACKET_PER_SEC", "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
        "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
    ]

    var nameOperations: [Operation] {
        [
            Self.show(
                "/resource_classes", "resource_classes:list", since: Microversion(1, 2),
                "Lists the classes of resources."
            ) { request in
                Self.body(request, ["resource_classes": .array(Self.classes.map(Self.resourceClass))])
            },
            Self.show(
                "/resource_classes/{name}", "resource_classes:show", since: Microversion(1, 2),
                "Shows a class of resources."
            ) { request in
                let name = request.parameters["name"] ?? ""
                guard Self.classes.contains(name) else {
                    throw NovaError(.notFound, "No such resource class \(name).")
                }
                return Self.body(request, Self.resourceClass(name))
            },
            Self.show(
                "/traits", "traits:list", since: Microversion(1, 6),
                "Lists the traits that providers have: none, as the scheduler matches host properties itself."
            ) { request in
                try Self.checkQuery(request, ["name": Microversion(1, 6), "associated": Microversion(1, 6)])
                if let name = request.query("name"), !name.hasPrefix("in:"), !name.hasPrefix("startswith:") {
                    throw NovaError(
                        .badRequest,
                        "Badly formatted name parameter. Expected name query string parameter in form: ?name=[in|startswith]:[name1,name2|prefix]. Got: \"\(name)\""
                    )
                }
                if let text = request.query("associated"), !["true", "false"].contains(text.lowercased()) {
                    throw NovaError(
                        .badRequest, "The query parameter \"associated\" only accepts \"true\" or \"false\"")
                }
                return Self.body(request, ["traits": []])
            },
            Self.show("/traits/{name}", "traits:show", since: Microversion(1, 6), "Shows a trait: there is none.") {
                request in
                throw NovaError(.notFound, "No such trait: \(request.parameters["name"] ?? "").")
            },
        ]
    }

    private static func resourceClass(_ name: String) -> JSONValue {
        ["name": .string(name), "links": [["rel": "self", "href": .string("/resource_classes/\(name)")]]]
    }
}
