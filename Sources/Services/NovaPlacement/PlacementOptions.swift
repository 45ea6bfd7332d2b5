public import NovaConfig

/// Placement's options.
public enum PlacementOptions {
    public static let listen = Option(
        "placement", "listen", default: "0.0.0.0", help: "Address that the Placement API listens on.")
    public static let port = Option(
        "placement", "port", default: 8778, help: "Port of the Placement API; 0 means any free port.", in: 0...65535)

    /// All of them.
    public static let all: [any OptionDeclaration] = [listen, port]
}
