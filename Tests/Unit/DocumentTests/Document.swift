import Foundation
import NovaCompute
import NovaConductor
import NovaConfig
import NovaIdentity
import NovaImage
import NovaAPI
import NovaNetwork
import NovaPlacement
import NovaPolicy
import NovaScheduler
import NovaService
import Testing

/// A file of `proto-spec` that is made from declarations alone.
struct Document: Sendable, CustomTestStringConvertible {
    /// Where it is in the repository.
    let path: String
    let text: String

    var testDescription: String { path }

    static func all() async throws -> [Document] {
        let services = try await ServiceDeclarations.all()
        var documents = services.map {
            Document(
                path: "proto-spec/api/\($0.name).json", text: OpenAPIDocument(service: $0).json.indented() + "\n")
        }
        for service in services {
            let head =
                "# The rules of \(service.service) at their defaults. Only what differs belongs into a policy file.\n\n"
            documents.append(
                Document(
                    path: "proto-spec/samples/policy-\(service.service).yaml",
                    text: head + PolicyRule.sample(try service.policy())))
        }
        return documents + [Document(path: "proto-spec/samples/nova.conf", text: Configuration.sample(options))]
    }

    /// Every option of every daemon.
    static let options: [any OptionDeclaration] =
        CommonOptions.all
        + [
            ServiceFactory(IdentityService.self), ServiceFactory(PlacementService.self),
            ServiceFactory(ImageService.self), NetworkService.factory(drivers: [:]),
            ServiceFactory(SchedulerService.self), ServiceFactory(ConductorService.self),
            ComputeService.factory(drivers: [], plugs: []), ServiceFactory(APIService.self),
        ].flatMap(\.options)

    // MARK: Files

    /// The repository; with `NOVA_DOCUMENTS` another folder, for a look at what would be written.
    private static let root =
        ProcessInfo.processInfo.environment["NOVA_DOCUMENTS"]
        ?? "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    private static let advice = "regenerate with: tools/openapi --write"

    /// Whether files are to be written instead of compared.
    static var writes: Bool { ProcessInfo.processInfo.environment["NOVA_WRITE_SPEC"] == "1" }

    /// The text of a file of the repository.
    static func file(_ path: String) -> String? {
        FileManager.default.contents(atPath: "\(root)/\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// The names of the files in the folders of such documents.
    static var files: [String] {
        ["proto-spec/api", "proto-spec/samples"].flatMap { folder in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
            return names.sorted().map { "\(folder)/\($0)" }
        }
    }

    func write() throws {
        let url = URL(fileURLWithPath: "\(Self.root)/\(path)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url, options: .atomic)
    }

    /// The first place where the file does not say what the code says; nil when it does.
    var difference: String? {
        guard let file = Self.file(path) else { return "\(path) is missing; \(Self.advice)" }
        if file == text { return nil }
        let found = file.split(separator: "\n", omittingEmptySubsequences: false)
        let wanted = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line = zip(found, wanted).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, wanted.count)
        return """
            \(path), line \(line + 1), does not agree with the code; \(Self.advice)
            file: \(line < found.count ? String(found[line]) : "(ends)")
            code: \(line < wanted.count ? String(wanted[line]) : "(ends)")
            """
    }
}
