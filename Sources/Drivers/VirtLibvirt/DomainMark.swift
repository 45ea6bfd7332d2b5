import NovaCore
import NovaXML
import VirtDriver

/// The mark in a domain's metadata that says which cloud, host and server it belongs to.
struct DomainMark: Equatable {
    static let namespace = "urn:nova:swift:instance:1"

    var cloudID: CloudID
    var hostID: ProviderID
    var serverID: ServerID
    var name: String

    init(_ context: VirtDriverContext, serverID: ServerID, name: String) {
        cloudID = context.cloudID
        hostID = context.hostID
        self.serverID = serverID
        self.name = name
    }

    /// Reads the metadata element; nil when it is not ours.
    init?(_ text: String) {
        // Metadata of others may be anything; what is not well-formed is not ours.
        guard let root = try? XMLReader.parse(text), root.name.split(separator: ":").last == "instance",
            let cloud = root.first("cloud").flatMap({ CloudID($0.text) }),
            let host = root.first("host").flatMap({ ProviderID($0.text) }),
            let server = root.first("server").flatMap({ ServerID($0.text) })
        else { return nil }
        (cloudID, hostID, serverID) = (cloud, host, server)
        name = root.first("name")?.text ?? ""
    }

    /// The element for the domain's XML.
    var element: XMLElement {
        XMLElement("instance", ["xmlns": Self.namespace]) {
            XMLElement("cloud", text: cloudID.description)
            XMLElement("host", text: hostID.description)
            XMLElement("server", text: serverID.description)
            XMLElement("name", text: name)
        }
    }

    func belongs(to context: VirtDriverContext) -> Bool {
        cloudID == context.cloudID && hostID == context.hostID
    }
}
