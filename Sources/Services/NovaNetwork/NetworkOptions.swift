public import NovaConfig
import NetworkDriver

/// The options of nova-network.
public enum NetworkOptions {
    public static let driver = Option(
        "network", "driver", default: "linux",
        help: "How networks are made: linux (bridges, dnsmasq, nft) or fake (in memory).")
    public static let listen = Option(
        "network", "listen", default: "127.0.0.1", help: "Address that the Network API listens on.")
    public static let port = Option(
        "network", "port", default: 9696, help: "Port of the Network API; 0 means any free one.", in: 0...65535)
    public static let defaultCIDR = Option(
        "network", "default_cidr", default: "10.0.0.0/16",
        help: "Addresses of the shared network \"default\", made at the first start; empty means to make none.",
        expected: "an IPv4 range such as 10.0.0.0/16", accepts: { $0.isEmpty || IPv4Range($0) != nil })
    public static let defaultBridge = Option(
        "network", "default_bridge", default: "auto",
        help: "Bridge of the shared network: auto names it after cloud and network, as for all others.",
        oneOf: ["auto"])
    public static let dns = Option(
        "network", "dns", default: [String](), help: "Name servers of the shared network, IPv4 addresses.",
        expected: "a list of IPv4 addresses", accepts: { $0.allSatisfy { IPv4Address($0) != nil } })
    public static let mtu = Option(
        "network", "mtu", default: 1500,
        help: "MTU of new networks in bytes; 50 less than the fabric's when networks span hosts.", in: 576...9216)
    public static let fabric = Option(
        "network", "fabric", default: "",
        help: "Device that joins the bridges of several hosts by VXLAN; empty when all guests are on one host.")
    public static let slots = Option(
        "network", "slots", default: 64, help: "Requests from the queue handled at once.", in: 1...1024)

    /// All of them.
    public static let all: [any OptionDeclaration] = [
        driver, listen, port, defaultCIDR, defaultBridge, dns, mtu, fabric, slots,
    ]
}
