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
    func backing() {
        #expect(QCOW2Header.backingFile(header("/i/_base/a.raw")) == "/i/_base/a.raw")
    }

    @Test("nothing else has one, whatever its bytes say")
    func none() {
        #expect(QCOW2Header.backingFile([]) == nil)
        #expect(QCOW2Header.backingFile(Array("raw disk with more than twenty bytes".utf8)) == nil)
        #expect(QCOW2Header.backingFile(header("", count: 0)) == nil)
        #expect(QCOW2Header.backingFile(header("/a", count: .max)) == nil)
        #expect(QCOW2Header.backingFile(header("/a", offset: .max)) == nil)
        #expect(QCOW2Header.backingFile(header("/a", offset: 33)) == nil)
    }
}
