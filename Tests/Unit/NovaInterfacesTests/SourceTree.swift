import Foundation

/// The repository that the tests were built from.
enum SourceTree {
    /// The repository's folder.
    static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")

    /// Whether files are to be written instead of compared.
    static var writes: Bool { ProcessInfo.processInfo.environment["NOVA_WRITE_SPEC"] == "1" }
    /// What to do about a file that does not agree with the code.
    static let advice = "regenerate with: NOVA_WRITE_SPEC=1 swift test --filter NovaInterfacesTests"

    /// A file's text; nil when there is none.
    static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: "\(root)/\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a file, unless it has that text already.
    static func write(_ text: String, to path: String) throws {
        guard read(path) != text else { return }
        let url = URL(fileURLWithPath: "\(root)/\(path)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url, options: .atomic)
    }

    /// The names of a folder's files, sorted.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted()
    }

    /// The text of each Swift file below a folder, in the order of their paths.
    static func swiftFiles(below folder: String) throws -> [(path: String, text: String)] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").sorted()
            .filter { $0.hasSuffix(".swift") }
            .map { ("\(folder)/\($0)", read("\(folder)/\($0)") ?? "") }
    }
}
