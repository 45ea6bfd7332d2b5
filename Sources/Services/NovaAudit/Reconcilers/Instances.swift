import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// Instances of deleted servers and of none, on the wrong host, and servers whose instance is gone.
    public static let instances = Reconciler(
        "instances", "the instances on hosts and the servers that belong there", needs: [.hosts, .database]
    ) { picture in
        let busy = picture.busy
        let misplaced = picture.instances.filter { $0.instance.hasInstance && !busy.contains($0.instance.serverID) }
            .compactMap { Misplaced(picture, $0.host, $0.instance.serverID).drift("instance", "An instance") }
        return misplaced + missing(picture, busy)
    }

    /// Disks that hosts keep of such servers, where the hypervisor has no instance.
    public static let disks = Reconciler(
        "disks", "the disks on hosts and the servers that belong there", needs: [.hosts, .database]
    ) { picture in
        let busy = picture.busy
        return picture.instances.filter {
            $0.instance.hasFolder && !$0.instance.hasInstance && !busy.contains($0.instance.serverID)
        }.compactMap { Misplaced(picture, $0.host, $0.instance.serverID).drift("disk", "A folder with disks") }
    }

    private static func missing(_ picture: CloudPicture, _ busy: Set<ServerID>) -> [Drift] {
        let found = picture.contents.mapValues { host in
            Set(host.instances.filter { $0.hasInstance || $0.isBusy }.map(\.serverID))
        }
        let expected: Set<VMState> = [.active, .stopped, .paused, .suspended, .rescued]
        return picture.servers.values.sorted { $0.id < $1.id }.compactMap { server in
            guard let host = server.host, let there = found[host], !there.contains(server.id),
                !busy.contains(server.id),
                server.taskState == nil, expected.contains(server.vmState)
            else { return nil }
            return Drift(
                "instance-missing", server.id.description, host: host, server: server.id,
                "The server is \(server.vmState.rawValue), but its host has no instance of it.",
                remedy: "If its disks are there: novactl server reboot --hard \(server.id). Else delete the server.",
                isSafe: false, .nothing)
        }
    }
}

/// Something of a server on a host where the server is not.
private struct Misplaced {
    let picture: CloudPicture
    let host: String
    let id: ServerID

    init(_ picture: CloudPicture, _ host: String, _ id: ServerID) {
        self.picture = picture
        self.host = host
        self.id = id
    }

    /// - Parameters:
    ///   - word: "instance", "disk".
    ///   - subject: the beginning of the explanation.
    func drift(_ word: String, _ subject: String) -> Drift? {
        let kind: String
        let explanation: String
        var isSafe = false
        switch picture.standing(id) {
        case .deleted:
            kind = "\(word)-of-deleted-server"
            explanation = "\(subject) of a server that is deleted."
            isSafe = true
        case .unknown:
            // A database that was restored from a backup does not know the newest servers either.
            kind = "\(word)-without-server"
            explanation = "\(subject) with this cloud's mark, of a server that the database does not know."
        case .alive(let server):
            guard server.host != host else { return nil }
            kind = "\(word)-on-wrong-host"
            explanation = "\(subject) of a server that lives on \(server.host ?? "no host")."
            // Only when the server's own host has it, this is a copy that nobody needs.
            isSafe =
                server.host.map { home in
                    picture.contents[home]?.instances.contains {
                        $0.serverID == id && $0.hasInstance && !$0.isBusy
                    } ?? false
                } ?? false
        }
        return Drift(
            kind, id.description, host: host, server: id, explanation,
            remedy: isSafe
                ? "It is removed from the host."
                : "Look whether it is needed; novactl audit --also \(kind) removes all of these from their hosts.",
            isSafe: isSafe, .removeInstance(id, host: host))
    }
}
