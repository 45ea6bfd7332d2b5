public import NovaWire

/// A size of server (`spec/mission.md` 3).
public struct Flavor: Record, Equatable {
    /// Orders flavors; not shown to users.
    public var sequence: Int64 = 0
    /// What users call it by in requests: "1", "m1.tiny" has "1".
    public var id = ""
    public var name = ""
    public var memoryMB: Int64 = 0
    public var vcpus: Int64 = 0
    public var rootGB: Int64 = 0
    public var ephemeralGB: Int64 = 0
    public var swapMB: Int64 = 0
    public var rxtxFactor: Double = 1
    public var isPublic = true
    public var isDisabled = false
    public var text: String?
    public var extraSpecs: [String: String] = [:]

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("sequence", &sequence)
        visitor.visit("id", &id)
        visitor.visit("name", &name)
        visitor.visit("memory_mb", &memoryMB)
        visitor.visit("vcpus", &vcpus)
        visitor.visit("root_gb", &rootGB)
        visitor.visit("ephemeral_gb", &ephemeralGB)
        visitor.visit("swap_mb", &swapMB)
        visitor.visit("rxtx_factor", &rxtxFactor)
        visitor.visit("is_public", &isPublic)
        visitor.visit("is_disabled", &isDisabled)
        visitor.visit("description", &text)
        visitor.visit("extra_specs", &extraSpecs)
    }

    /// The disk that placement counts: root, ephemeral and swap rounded up to GiB.
    public var diskGB: Int64 { rootGB &+ ephemeralGB &+ (swapMB &+ 1023) / 1024 }
}
