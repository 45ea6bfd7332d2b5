import NovaInterfaces
import NovaModel
import NovaRPC
import NovaWire

/// All that `proto-spec` describes: every method, every record and enumeration that one of them holds, and the records
/// that only databases keep.
struct SpecContents {
    /// Records of NovaModel that no message holds: the states of workflows, and rows.
    ///
    /// A test finds records of NovaModel that are neither here nor part of a message.
    static let stored: [any Record.Type] = [
        BuildState.self, DeleteState.self, PowerActionState.self, KeyPair.self, ServerRecord.self, ServiceRecord.self,
        ServerChange.self, Finding.self, ReconcilerStatus.self, RescueState.self, RebuildState.self, SnapshotState.self,
        AttachInterfaceState.self, DetachInterfaceState.self,
        MoveState.self, LiveMigrationState.self, ShelveState.self, UnshelveState.self,
        ServerGroup.self, SecurityGroup.self, MigrationRecord.self, HostFenceState.self,
    ]

    /// The methods of each interface, by topic.
    let interfaces: [(topic: String, methods: [RPCMethodDescription])]
    private(set) var records: [String: RecordDescription] = [:]
    private(set) var enumerations: [String: EnumDescription] = [:]
    /// The topics whose messages hold a record or enumeration, sorted; none for what only databases keep.
    private(set) var topics: [String: [String]] = [:]
    /// The topic whose document describes a record or enumeration; none: `records.md` does.
    private(set) var home: [String: String] = [:]

    init() {
        interfaces = RPCCatalogue.interfaces.map { ($0.topic, $0.descriptions) }
        for method in interfaces.flatMap(\.methods) {
            add(method.request, topic: method.topic)
            add(method.response, topic: method.topic)
            // A method's own types are declared inside of it.
            for name in Array(records.keys) + Array(enumerations.keys)
            where name == method.request.name || name.hasPrefix(method.request.name + ".") {
                home[name] = method.topic
            }
        }
        for type in Self.stored { add(RecordDescription(type), topic: nil) }
    }

    private mutating func add(_ record: RecordDescription, topic: String?) {
        records[record.name] = record
        use(record.name, topic)
        for field in record.fields {
            switch field.type.innermost {
            case .record(let inner): add(RecordDescription(inner), topic: topic)
            case .enumeration(let inner):
                enumerations[inner.name] = inner
                use(inner.name, topic)
            case .plain, .optional, .list, .secret: break
            }
        }
    }

    private mutating func use(_ name: String, _ topic: String?) {
        var known = topics[name, default: []]
        if let topic, !known.contains(topic) { known.append(topic) }
        topics[name] = known.sorted()
    }
}
