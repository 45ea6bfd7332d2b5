import NovaConfig
import NovaService

/// What operators may set for `nova-api`.
enum APIOptions {
    static let listen = Option(
        "DEFAULT", "osapi_compute_listen", default: "127.0.0.1", help: "Address that the Compute API listens on.")
    static let port = Option(
        "DEFAULT", "osapi_compute_listen_port", default: 8774, help: "Port of the Compute API.", in: 0...65535)
    static let maxLimit = Option(
        "api", "max_limit", default: 1000, help: "The most that one page of a list holds.", in: 1...100_000)
    static let quotaInstances = Option(
        "quota", "instances", default: 10, help: "Servers per project; -1: no limit.", in: -1...Int.max)
    static let quotaCores = Option(
        "quota", "cores", default: 20, help: "vCPUs per project; -1: no limit.", in: -1...Int.max)
    static let quotaRAM = Option(
        "quota", "ram", default: 51200, help: "MiB per project; -1: no limit.", in: -1...Int.max)
    static let quotaKeyPairs = Option(
        "quota", "key_pairs", default: 100, help: "Key pairs per user; -1: no limit.", in: -1...Int.max)
    static let quotaMetadata = Option(
        "quota", "metadata_items", default: 128, help: "Metadata items per server; -1: no limit.", in: -1...Int.max)
    static let quotaFiles = Option(
        "quota", "injected_files", default: 5, help: "Files put into a new server; -1: no limit.", in: -1...Int.max)
    static let quotaFileContent = Option(
        "quota", "injected_file_content_bytes", default: 10240, help: "Bytes of such a file; -1: no limit.",
        in: -1...Int.max)
    static let quotaFilePath = Option(
        "quota", "injected_file_path_length", default: 255, help: "Length of such a file's path; -1: no limit.",
        in: -1...Int.max)
    static let quotaServerGroups = Option(
        "quota", "server_groups", default: 10, help: "Server groups per project; -1: no limit.", in: -1...Int.max)
    static let quotaServerGroupMembers = Option(
        "quota", "server_group_members", default: 10, help: "Servers per server group; -1: no limit.", in: -1...Int.max)
    static let unlimitedProjects = Option(
        "quota", "unlimited_projects", default: [String](), help: "Names of projects without quota limits.")
    static let maxLocalDisks = Option(
        "DEFAULT", "max_local_block_devices", default: 3,
        help: "Local disks that a request for a server may name; -1: no limit.", in: -1...16)
    static let networkServer = Option(
        "neutron", "endpoint_override", default: "http://127.0.0.1:9696",
        help: "Where the Network API answers, for the network proxies of old microversions.")
    static let instanceNameTemplate = Option(
        "DEFAULT", "instance_name_template", default: "instance-%08x",
        help: "Form of `OS-EXT-SRV-ATTR:instance_name`; the number is the server's sequence number.")
    static let serviceDownTime = Option(
        "DEFAULT", "service_down_time", default: 60,
        help: "Seconds without a report after which a daemon counts as down; two and a half report intervals at least.",
        in: 1...86_400)

    /// The time that a configuration asks for, never so short that a daemon between two reports counts as down.
    static func serviceDownTime(_ config: Configuration) -> Int64 {
        Int64(max(config[serviceDownTime], config[CommonOptions.reportInterval] * 5 / 2))
    }

    static var all: [any OptionDeclaration] {
        [
            listen, port, maxLimit, quotaInstances, quotaCores, quotaRAM, quotaKeyPairs, quotaMetadata, quotaFiles,
            quotaFileContent, quotaFilePath, quotaServerGroups, quotaServerGroupMembers, unlimitedProjects,
            networkServer, maxLocalDisks, instanceNameTemplate, serviceDownTime,
        ]
    }
}
