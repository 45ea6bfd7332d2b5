import NovaRPC
import NovaWire
import Testing

/// A record that crosses process or release borders, with the name of its frames.
struct Message: Sendable, CustomTestStringConvertible {
    /// "compute.build.request", "stored.BuildState".
    let name: String
    let record: any Record.Type

    var testDescription: String { name }

    /// Every request, every response that says something, every record that databases keep.
    static let all: [Message] =
        SpecContents().interfaces.flatMap(\.methods).flatMap { method in
            let name = "\(method.topic).\(method.name)"
            let request = Message(name: "\(name).request", record: method.request.type)
            guard !method.response.fields.isEmpty else { return [request] }
            return [request, Message(name: "\(name).response", record: method.response.type)]
        } + SpecContents.stored.map { Message(name: "stored.\($0.wireType)", record: $0) }

    /// The value that frames of this name hold, every field filled.
    var sample: FieldTree { filled(record) }
    /// The value with every field at its default.
    var empty: FieldTree { unfilled(record) }
    /// The sample's bytes, as the code under test writes them.
    var encoded: [UInt8] { encode(record) }

    /// What the code under test reads.
    func decode(_ bytes: [UInt8]) throws -> FieldTree { try read(record, bytes) }

    private func filled<R: Record>(_ type: R.Type) -> FieldTree { FieldTree(record: Sampler.record(type, at: name)) }
    private func unfilled<R: Record>(_ type: R.Type) -> FieldTree { FieldTree(record: R()) }
    private func encode<R: Record>(_ type: R.Type) -> [UInt8] { Sampler.record(type, at: name).encoded() }
    private func read<R: Record>(_ type: R.Type, _ bytes: [UInt8]) throws -> FieldTree {
        FieldTree(record: try R(decoding: bytes))
    }
}
