import Glibc

/// Where the program that we are lies.
public enum OwnProgram {
    /// The path of another program in the same folder.
    public static func beside(_ name: String) -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &bytes, bytes.count)
        let path = String(decoding: bytes.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/\(name)"
    }
}
