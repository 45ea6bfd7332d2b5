import NovaCore
import NovaModel
import NovaScheduling
import Testing

@Suite struct FilterTests {
    @Test func computeFilterWantsEnabledAndAlive() {
        let filter = ComputeFilter()
        let request = Fleet.request()
        #expect(filter.passes(Fleet.host("a"), request))
        #expect(!filter.passes(Fleet.host("a", isAlive: false), request))
        let disabled = Fleet.host("a") { record in
            record.isDisabled = true
            record.disabledReason = "repair"
        }
        #expect(!filter.passes(disabled, request))
        #expect(filter.reason(disabled, request) == "disabled: repair")
        #expect(!filter.passes(Fleet.host("a") { $0.isForcedDown = true }, request))
    }

    @Test func zonesMatchByName() {
        let filter = AvailabilityZoneFilter()
        #expect(!filter.applies(to: Fleet.request()))
        let request = Fleet.request { $0.availabilityZone = "east" }
        #expect(filter.applies(to: request))
        #expect(filter.passes(Fleet.host("a", zone: "east"), request))
        #expect(!filter.passes(Fleet.host("a", zone: "west"), request))
    }

    @Test func resourcesRespectRatioReserveAndUse() {
        let host = Fleet.host("a", usedMemory: 15000)
        #expect(CoreFilter().passes(host, Fleet.request(cpus: 32)))
        #expect(!CoreFilter().passes(host, Fleet.request(cpus: 33)))
        #expect(RamFilter().passes(host, Fleet.request(memory: 872)))
        #expect(!RamFilter().passes(host, Fleet.request(memory: 873)))
        #expect(RamFilter().reason(host, Fleet.request(memory: 873)) == "872 of 15872 MiB free, 873 wanted")
        #expect(DiskFilter().passes(host, Fleet.request(disk: 100)))
        #expect(!DiskFilter().passes(host, Fleet.request(disk: 101)))
        #expect(!DiskFilter().applies(to: Fleet.request(disk: 0)))
        let unknown = HostState(Fleet.record("new"), inventories: [], isAlive: true)
        #expect(!CoreFilter().passes(unknown, Fleet.request()))
    }

    @Test(arguments: [
        (["hw_architecture": "amd64"], true), (["architecture": "aarch64"], false), (["hw_architecture": "i686"], true),
        (["img_hv_type": "kvm"], true), (["hypervisor_type": "xen"], false), (["hw_vm_mode": "hvm"], true),
        (["vm_mode": "exe"], false), (["hypervisor_version_requires": ">=7.0, <8"], true),
        (["img_hv_requested_version": ">7.2"], false), (["hypervisor_version_requires": "~7"], false),
        (["os_distro": "cirros"], true), ([:], true),
    ])
    func imageProperties(_ properties: [String: String], _ passes: Bool) {
        let filter = ImagePropertiesFilter()
        let request = Fleet.request { $0.image = Fleet.image(properties) }
        #expect((!filter.applies(to: request) || filter.passes(Fleet.host("a"), request)) == passes)
    }

    @Test(arguments: [
        (["capabilities:hypervisor_type": "QEMU"], true), (["capabilities:hypervisor_type": "s== XEN"], false),
        (["vcpus_total": ">= 4"], true), (["vcpus_total": ">= 9"], false), (["unheard_of": "1"], false),
        (["capabilities:cpu_info:model": "<or> Haswell <or> Skylake"], true), (["hw:cpu_policy": "dedicated"], true),
        (["capabilities:cpu_info:features": "<all-in> aes avx"], true), (["cpu_info": "x"], false),
        (["capabilities:cpu_info:features": "<in> sse9"], false),
    ])
    func capabilities(_ specs: [String: String], _ passes: Bool) {
        let filter = ComputeCapabilitiesFilter()
        let host = Fleet.host("a") { record in
            record.resources.vcpus = 8
            record.resources.cpuInfo = ["model": "Skylake", "features": "aes,avx,sse4"]
        }
        let request = Fleet.request { $0.flavor.extraSpecs = specs }
        #expect((!filter.applies(to: request) || filter.passes(host, request)) == passes)
    }

    @Test func anUnknownFilterIsNamed() {
        let error = #expect(throws: NovaError.self) { _ = try FilterCatalogue.filters(["RamFilter", "NoFilter"]) }
        #expect(error?.message.contains("NoFilter") == true)
        #expect(error?.message.contains("ComputeFilter") == true)
    }
}
