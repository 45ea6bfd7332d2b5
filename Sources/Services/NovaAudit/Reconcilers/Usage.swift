import NovaCore
import NovaInterfaces
import NovaModel

extension Reconciler {
    /// The sums that placement keeps of its allocations, and its providers.
    public static let usage = Reconciler(
        "usage", "placement's sums with its allocations, and its providers with the hosts",
        needs: [.placement, .database]
    ) { picture in
        let sums = picture.usageDifferences.map { difference in
            Drift(
                "usage-differs", "\(difference.providerID)/\(difference.resourceClass)",
                "Placement counts \(difference.kept), its allocations are \(difference.actual).",
                remedy: "The allocations are summed anew.", isSafe: true, .recount(difference.providerID))
        }
        let hosts = Set(picture.hosts.map(\.resources.providerID))
        let strangers = picture.providers.filter { !hosts.contains($0.providerID) }.map { provider in
            Drift(
                "provider-without-host", provider.providerID.description, host: provider.name,
                "The resource provider \(provider.name) is no compute host of this cloud: servers may be planned for it.",
                remedy:
                    "If the host was reinstalled, restore its state_path/compute_id file; else remove the provider.",
                isSafe: false, .nothing)
        }
        return sums + strangers
    }
}
