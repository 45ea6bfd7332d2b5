public import NovaCore
public import NovaWire

/// What a connection between two compute hosts is for.
public enum TransferPurpose: String, WireEnum {
    /// Files of an instance are fetched.
    case disk
    /// The streams of a live migration: libvirt's own, memory, disks.
    case liveMigration = "live-migration"
}

/// One end of a transfer: a compute host, and the certificate that its service has made for itself.
public struct TransferEnd: Record, Equatable {
    public var host = ""
    /// SHA-256 of the certificate, hex.
    public var fingerprint = ""

    public init() {}
    public init(host: String, fingerprint: String) {
        self.host = host
        self.fingerprint = fingerprint
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("host", &host)
        visitor.visit("fingerprint", &fingerprint)
    }
}

/// A conductor's permission for one compute host to connect to another, for one server and one workflow.
///
/// It says nothing to a third host: both ends prove by TLS that they have the keys of the fingerprints in it.
public struct TransferGrant: SignedRecord, Equatable {
    public static let prefix = "nt1"
    public static let maximumTextLength = 2_048

    public var keyID = ""
    public var serverID = ServerID.none
    public var workflowID = WorkflowID.none
    public var purpose = TransferPurpose.disk
    /// Who is connected to: for disks the host that has them, for a live migration the one that the guest goes to.
    public var listening = TransferEnd()
    /// Who connects.
    public var connecting = TransferEnd()
    /// A connection begins before this, however long it takes.
    public var expires = Timestamp(microseconds: 0)

    public init() {}
    public init(
        serverID: ServerID, workflowID: WorkflowID, purpose: TransferPurpose, listening: TransferEnd,
        connecting: TransferEnd, expires: Timestamp
    ) {
        self.serverID = serverID
        self.workflowID = workflowID
        self.purpose = purpose
        self.listening = listening
        self.connecting = connecting
        self.expires = expires
    }

    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("key_id", &keyID)
        visitor.visit("server_id", &serverID)
        visitor.visit("workflow_id", &workflowID)
        visitor.visit("purpose", &purpose)
        visitor.visit("listening", &listening)
        visitor.visit("connecting", &connecting)
        visitor.visit("expires", &expires)
    }
}
