import NovaModel
import Testing

@testable import NovaCompute

@Suite("Live migration: what stands against a host")
struct MigrationCheckTests {
    private func check(_ change: (inout MigrationCheck) -> Void = { _ in }) -> [String] {
        var needs = GuestNeeds()
        needs.driver = "libvirt"
        needs.network = "linux over a fabric"
        needs.disks = [GuestDisk("disk", format: "qcow2", virtualSize: 4 << 30, allocated: 1 << 30)]
        var host = MigrationCheck.Host()
        host.driver = "libvirt"
        host.network = "linux over a fabric"
        host.freeDisk = 2 << 30
        var check = MigrationCheck(needs: needs, host: host)
        change(&check)
        return check.mismatches
    }

    @Test func aHostThatIsAlikeTakesIt() { #expect(check().isEmpty) }

    @Test func everyMismatchIsNamedAtOnce() {
        let found = check {
            $0.host.refusals = ["its CPU lacks what the guest has: avx2"]
            $0.host.network = "linux"
            $0.host.hasBase = false
            $0.host.hasBootFiles = false
            $0.host.freeDisk = 512 << 20
            $0.needs.disks.append(GuestDisk("disk.odd", format: "vmdk", virtualSize: 1, allocated: 0))
        }
        #expect(
            found == [
                "its CPU lacks what the guest has: avx2",
                "it connects guests by linux, the guest's host by linux over a fabric",
                "it has no copy of the guest's image, and the image is deleted",
                "the guest's kernel or ramdisk is deleted",
                "its disk has 512 MiB free, the guest needs 1024 MiB",
                "the guest's disk disk.odd is of a kind that cannot be copied",
            ])
    }

    @Test func anotherDriverEndsTheComparison() {
        let found = check {
            $0.host.driver = "fake"
            $0.host.hasBase = false
        }
        #expect(found == ["its hypervisor driver is fake, the guest's is libvirt"])
    }

    @Test func whatCountsOfDisksIsTheOperatorsChoice() {
        let found = check { $0.allowsOvercommit = false }
        #expect(found == ["its disk has 2048 MiB free, the guest needs 4096 MiB"])
        #expect(check { $0.host.freeDisk = nil }.isEmpty)
        // What a host claims may be anything.
        let absurd = check {
            $0.needs.disks[0].allocated = .max
            $0.needs.disks.append(GuestDisk("disk.swap", format: "raw", virtualSize: 1, allocated: .max))
        }
        #expect(absurd.count == 1)
    }
}
