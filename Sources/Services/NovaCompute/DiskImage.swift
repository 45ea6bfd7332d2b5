import NovaCore
import NovaProcess
import NovaSchema

/// What `qemu-img` says of a file, and the rules for files that came from users.
struct DiskImage: Sendable, Equatable {
    /// qemu-img's word: "raw", "qcow2".
    var format: String
    /// Bytes that a guest sees.
    var virtualSize: Int64

    /// qemu-img's format for an image service's `disk_format`; nil when hosts do not boot from such.
    static func format(of diskFormat: String) -> String? {
        switch diskFormat {
        case "raw", "ami", "aki", "ari", "iso": "raw"
        case "qcow2": "qcow2"
        case "vdi": "vdi"
        case "vhd": "vpc"
        case "vhdx": "vhdx"
        default: nil
        }
    }

    /// Looks at a user's file and refuses what would reach outside of it.
    ///
    /// - Parameter expected: the format that the image service says.
    /// - Throws: ``NovaError`` `badRequest` when the file is another format, is damaged, or names other files.
    static func inspect(_ path: String, expected: String, _ runner: CommandRunner) async throws -> DiskImage {
        let corrupt = "The image is corrupt or not a valid \(expected) image"
        let result: CommandResult
        do {
            // Bounded: a crafted image may make qemu-img eat memory and time.
            result = try await runner.run(
                "prlimit", ["--as=1073741824", "--cpu=30", "qemu-img", "info", "--output=json", path],
                within: .seconds(60))
        } catch let error as NovaError where error.code == .hypervisor || error.code == .tooLarge {
            throw NovaError(.badRequest, "\(corrupt).", details: error.details)
        }
        let info = try JSONValue.parse(result.standardOutput)
        guard let format = info["format"]?.stringValue, let size = info["virtual-size"]?.integerValue, size >= 0 else {
            throw NovaError(.badRequest, "\(corrupt).", details: "qemu-img names no format")
        }
        guard format == expected else {
            throw NovaError(.badRequest, "\(corrupt): it is \(format).", details: path)
        }
        let data = info["format-specific"]?["data"]
        guard info["backing-filename"] == nil, info["full-backing-filename"] == nil else {
            throw NovaError(.badRequest, "\(corrupt): it needs a backing file.", details: path)
        }
        guard data?["data-file"] == nil, data?["data-file-raw"]?.boolValue != true else {
            throw NovaError(.badRequest, "\(corrupt): it needs a data file.", details: path)
        }
        guard info["dirty-flag"]?.boolValue != true, data?["corrupt"]?.boolValue != true else {
            throw NovaError(.badRequest, "\(corrupt): it was not closed properly.", details: path)
        }
        return DiskImage(format: format, virtualSize: size)
    }
}
