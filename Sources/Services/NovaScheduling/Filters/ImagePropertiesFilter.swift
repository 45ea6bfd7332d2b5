public import NovaModel

/// The host can run what the image's properties ask for: architecture, hypervisor, mode, hypervisor version.
public struct ImagePropertiesFilter: HostFilter {
    public static let name = "ImagePropertiesFilter"
    private static let architectureKeys = ["hw_architecture", "architecture"]
    private static let hypervisorKeys = ["img_hv_type", "hypervisor_type"]
    private static let modeKeys = ["hw_vm_mode", "vm_mode"]
    private static let versionKeys = ["img_hv_requested_version", "hypervisor_version_requires"]

    public init() {}

    public func applies(to request: SchedulingRequest) -> Bool {
        guard let image = request.image, !image.properties.isEmpty else { return false }
        let keys = Self.architectureKeys + Self.hypervisorKeys + Self.modeKeys + Self.versionKeys
        return keys.contains { image.properties[$0]?.isEmpty == false }
    }

    public func passes(_ host: HostState, _ request: SchedulingRequest) -> Bool { fault(host, request) == nil }

    public func reason(_ host: HostState, _ request: SchedulingRequest) -> String { fault(host, request) ?? "" }

    private func fault(_ host: HostState, _ request: SchedulingRequest) -> String? {
        guard let properties = request.image?.properties else { return nil }
        let resources = host.record.resources
        func wanted(_ keys: [String]) -> String? {
            keys.lazy.compactMap { properties[$0] }.first { !$0.isEmpty }?.lowercased()
        }
        if let wanted = wanted(Self.architectureKeys) {
            let (have, want) = (Self.architecture(resources.architecture), Self.architecture(wanted))
            // A 64-bit x86 host runs 32-bit guests too.
            guard have == want || (have == "x86_64" && want == "i686") else {
                return "architecture \(resources.architecture), the image wants \(wanted)"
            }
        }
        if let wanted = wanted(Self.hypervisorKeys) {
            guard Self.hypervisor(wanted) == Self.hypervisor(resources.hypervisorType.lowercased()) else {
                return "hypervisor \(resources.hypervisorType), the image wants \(wanted)"
            }
        }
        if let wanted = wanted(Self.modeKeys), Self.mode(wanted) != Self.mode(resources.vmMode.lowercased()) {
            return "mode \(resources.vmMode), the image wants \(wanted)"
        }
        if let wanted = wanted(Self.versionKeys), !Self.fits(version: resources.hypervisorVersion, wanted) {
            return "hypervisor version \(resources.hypervisorVersion), the image wants \(wanted)"
        }
        return nil
    }

    private static func architecture(_ name: String) -> String {
        switch name.lowercased() {
        case "amd64", "x64": "x86_64"
        case "i386", "i486", "i586", "x86", "x86_32": "i686"
        case "arm64": "aarch64"
        case let other: other
        }
    }

    /// KVM and QEMU are one hypervisor, with and without acceleration.
    private static func hypervisor(_ name: String) -> String { name == "kvm" ? "qemu" : name }

    private static func mode(_ name: String) -> String {
        switch name {
        case "pv": "xen"
        case "hv": "hvm"
        default: name
        }
    }

    /// Whether a version (7002000 is 7.2.0) fulfils a list like `>=6.0,<8`; what cannot be read is not fulfilled.
    static func fits(version: Int64, _ requirement: String) -> Bool {
        requirement.split(separator: ",").allSatisfy { part in
            let text = part.filter { !$0.isWhitespace }
            let sign = String(text.prefix { "<>=!".contains($0) })
            let numbers = text.dropFirst(sign.count).split(separator: ".", omittingEmptySubsequences: false)
            var wanted: Int64 = 0
            for index in 0..<3 {
                guard index < numbers.count else {
                    wanted *= 1000
                    continue
                }
                guard let number = Int64(numbers[index]), (0...999_999).contains(number) else { return false }
                wanted = wanted * 1000 + number
            }
            switch sign {
            case ">=": return version >= wanted
            case "<=": return version <= wanted
            case ">": return version > wanted
            case "<": return version < wanted
            case "!=": return version != wanted
            case "", "=", "==": return version == wanted
            default: return false
            }
        }
    }
}
