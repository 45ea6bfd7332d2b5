import CommonTestKit
import NovaCore
import NovaModel
import Testing
import VirtDriver

@testable import VirtFake

@Suite("Files of fake instances")
struct FakeInstanceFilesTests {
    @Test("a record is read again as it was written last, longer or shorter than the one before")
    func rewritten() throws {
        let folder = try TemporaryFolder()
        let owner = VirtDriverContext(cloudID: .random(), hostID: .random(), instancesPath: folder.path)
        let files = try FakeInstanceFiles(folder: "\(folder.path)/_fake", owner: owner)
        var instance = FakeInstance()
        instance.id = .random()
        for (boots, name) in ["vm", "a longer name", "a name as lo2", "x", ""].enumerated() {
            instance.name = name
            instance.boots = boots
            try files.write(instance)
            let read = try #require(try files.load()[instance.id])
            #expect(read.name == name && read.boots == boots)
        }
    }
}
