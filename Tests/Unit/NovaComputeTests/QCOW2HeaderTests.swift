import NovaCore
import Testing

@testable import NovaCompute

@Suite("Heads of QCOW2 files")
struct QCOW2HeaderTests {
    /// A head with the name of a file that the disk lies over.
    private func header(_ name: String, offset: UInt64 = 32, count: UInt32? = nil) -> [UInt8] {
        var bytes: [UInt8] = [0x51, 0x46, 0x49, 0xFB, 0, 0, 0, 3]
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: offset >> shift)) }
        let length = count ?? UInt32(name.utf8.count)
        for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
        return bytes + [UInt8](repeating: 0, count: 12) + Array(name.utf8)
    }

    @Test("the file that a disk lies over")
    func backing() throws {
        #expect(try QCOW2Header.backingFile(header("/i/_base/a.raw")) == "/i/_base/a.raw")
    }

    @Test("nothing else has one")
    func none() throws {
        #expect(try QCOW2Header.backingFile([]) == nil)
        #expect(try QCOW2Header.backingFile(Array("raw disk with more than twenty bytes".utf8)) == nil)
        #expect(try QCOW2Header.backingFile(header("", offset: 0, count: 0)) == nil)
    }

    @Test("a name that is not to be found is an error, as the disk may lie over anything")
    func unreadable() {
        let heads = [
            header("", count: 0), header("/a", count: .max), header("/a", offset: .max), header("/a", offset: 33),
            header("json:{}"), Array(header("/a").prefix(19)),
        ]
        for head in heads { #expect(throws: NovaError.self) { try QCOW2Header.backingFile(head) } }
    }
}
