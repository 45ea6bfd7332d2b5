public import NovaConfig

/// The options of nova-image.
public enum ImageOptions {
    public static let listen = Option(
        "image", "listen", default: "0.0.0.0", help: "Address that the Image API listens on.")
    public static let port = Option(
        "image", "port", default: 9292, help: "Port of the Image API; 0 means any free one.", in: 0...65535)
    public static let path = Option(
        "image", "path", default: "", help: "Folder of the images' files; empty means \"images\" in state_path.")
    public static let sizeLimitGB = Option(
        "image", "size_limit_gb", default: 1024, help: "The largest image in GiB.", in: 1...1_000_000)
    public static let authURI = Option(
        "image", "auth_uri", default: "http://127.0.0.1:5000/v3", help: "Where clients get tokens, told with 401.")
    public static let slots = Option(
        "image", "slots", default: 64, help: "Requests from the queue handled at once.", in: 1...1024)

    /// All of them.
    public static let all: [any OptionDeclaration] = [listen, port, path, sizeLimitGB, authURI, slots]
}
