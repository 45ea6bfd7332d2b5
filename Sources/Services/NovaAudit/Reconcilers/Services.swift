import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// Daemons that have said nothing for very long.
    public static let services = Reconciler(
        "services", "the list of daemons and their last reports", needs: [.database]
    ) { picture in
        let limit = picture.time(ago: picture.ages.silentService)
        return picture.services.filter { $0.updatedAt < limit }.map { service in
            // A compute host's servers would be left without a host.
            let isCompute = service.binary == "nova-compute"
            return Drift(
                "service-silent", "\(service.binary)@\(service.host)", host: service.host,
                "\(service.binary) on \(service.host) has not reported since \(service.updatedAt.iso8601).",
                remedy: isCompute
                    ? "Start it, or move its servers and remove the host."
                    : "It is forgotten; it comes back by itself when it reports.",
                isSafe: !isCompute,
                isCompute ? .nothing : .removeService(service.id, silentSince: limit))
        }
    }
}
