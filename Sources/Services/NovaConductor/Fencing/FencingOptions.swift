import NovaConfig

/// The options `[fencing]`: how compute hosts are switched off.
enum FencingOptions {
    static let agent = Option(
        "fencing", "agent", default: "",
        help: "Program that switches a compute host off: one of ClusterLabs' fence agents, or any other that reads "
            + "key=value lines and ends with status 0 when the host is certainly off; empty for none.",
        expected: "empty or an absolute path", accepts: { $0.isEmpty || $0.hasPrefix("/") })
    static let arguments = Option(
        "fencing", "arguments_path", default: "",
        help: "Folder with the agent's options, key=value lines: a file named as the host, else the file default; "
            + "{host} stands for the host's name. Empty gives it plug={host}.",
        expected: "empty or an absolute path", accepts: { $0.isEmpty || $0.hasPrefix("/") })
    static let timeout = Option(
        "fencing", "timeout", default: 60, help: "Seconds that the agent has.", in: 1...3600)
    static let automatic = Option(
        "fencing", "automatic", default: false,
        help: "Whether hosts that say nothing for a while are switched off without anybody asking.")
    static let silence = Option(
        "fencing", "automatic_after", default: 120, help: "Seconds of silence after which that is done.",
        in: 1...86_400)
    static let most = Option(
        "fencing", "automatic_hosts", default: 1,
        help:
            "When more hosts than these are silent at once the network is taken to be broken, and none is switched off.",
        in: 1...10_000)

    static var all: [any OptionDeclaration] { [agent, arguments, timeout, automatic, silence, most] }
}
