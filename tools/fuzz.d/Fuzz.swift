import Glibc
import NovaCore
import NovaSchema
import NovaWire

@testable import NovaImage
@testable import NovaMessaging
@testable import NovaTransfer

// What libFuzzer calls with one input after the other: the first byte chooses the parser, the rest is what a peer sent.
// A parser may refuse; it may not trap, read past its bytes or ask for much memory. What it takes must survive being
// written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start.pointee % 12 {
    case 0: header(bytes)
    case 1: record(FailureRecord.self, bytes)
    case 2: record(EveryField.self, bytes)
    case 3: record(LaterInner.self, bytes)
    case 4: record(QueueList.self, bytes)
    case 5: record(DeadLetterList.self, bytes)
    case 6: json(bytes)
    case 7: ids(bytes)
    case 8: versions(bytes)
    case 10: disk(bytes)
    case 11: transfer(bytes)
    default: text(String(decoding: bytes, as: UTF8.self))
    }
    return 0
}

/// Ends the run with the input as reproducer when something that must hold does not.
private func require(_ holds: Bool, _ what: StaticString) {
    guard !holds else { return }
    write(STDERR_FILENO, what.utf8Start, what.utf8CodeUnitCount)
    abort()
}

private func header(_ bytes: [UInt8]) {
    // Refused is fine here and below: `try?` tells it from taken.
    guard let header = try? MessageHeader(decoding: bytes) else { return }
    let again = header.encoded()
    require((try? MessageHeader(decoding: again)) == header, "a header is written as another one")
}

private func ids(_ bytes: [UInt8]) {
    guard let ids = MessageIDList.decode(bytes) else { return }
    require(MessageIDList.decode(MessageIDList.encode(ids)) == ids, "a list of ids is written as another one")
}

private func versions(_ bytes: [UInt8]) {
    guard let versions = InterfaceVersions.decode(bytes) else { return }
    let again = InterfaceVersions.decode(InterfaceVersions.encode(versions))
    require(again == versions, "versions are written as others")
}

private func record<R: Record>(_ type: R.Type, _ bytes: [UInt8]) {
    guard let value = try? R(decoding: bytes) else { return }
    _ = value.debugText
    let once = value.encoded()
    guard let again = try? R(decoding: once) else { return require(false, "what was written is refused") }
    require(again.encoded() == once, "a record is written as another one")
    var columns = value.columns.makeIterator()
    guard let row = try? R(nextColumn: { columns.next() ?? .null }) else {
        return require(false, "a row that was written is refused")
    }
    require(row.encoded() == once, "a row is another record")
}

private func json(_ bytes: [UInt8]) {
    guard let value = try? JSONValue.parse(bytes) else { return }
    let once = value.serialized()
    guard let again = try? JSONValue.parse(once) else { return require(false, "JSON that was written is refused") }
    require(again.serialized() == once, "JSON is written as another value")
    _ = value.lenientBool
    _ = value.lenientInteger
}

/// An image that a user uploads; its first byte chooses what the user says that it is.
private func disk(_ bytes: [UInt8]) {
    let formats = ["raw", "qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "aki"]
    let format = formats[Int(bytes.first ?? 0) % formats.count]
    let file = UntrustedFile(bytes: Array(bytes.dropFirst()))
    let inspector = DiskInspector(virtualSizeLimit: 1 << 40)
    guard let size = try? inspector.virtualSize(of: file, diskFormat: format, containerFormat: "bare") else { return }
    require(size >= 0 && size <= 1 << 40, "a disk is larger than the limit")
}

/// What another compute service sends, in pieces whose length its first byte says, to both sides of a transfer.
private func transfer(_ bytes: [UInt8]) {
    let file = OfferedFile(name: "d", size: 300_000, digest: "")
    var reader = FrameReader()
    var (fetching, listening) = (FetchState(file), ListenerState())
    let piece = Int(bytes.first ?? 0) + 1
    for start in stride(from: 1, to: bytes.count, by: piece) {
        reader.append(bytes[start..<min(bytes.count, start + piece)])
        // Refused, or not whole yet: nothing comes out of either.
        while let frame = try? reader.next() {
            var again = FrameReader()
            again.append(frame.encoded())
            require((try? again.next()) == frame, "a message is written as another one")
            if case .decide = try? listening.handle(frame) { listening.admitted([file]) }
            guard case .write(let index, let data) = try? fetching.handle(frame) else { continue }
            let end = index * UInt64(BlockDigest.blockSize) + UInt64(data.count)
            require(end <= UInt64(file.size), "a block lies outside of its file")
        }
    }
}

private func text(_ text: String) {
    if let uuid = UUID128(text) { require(UUID128(uuid.description) == uuid, "a UUID's text is another one") }
    if let bytes = Hex.decode(text) { require(Hex.decode(Hex.encode(bytes)) == bytes, "hex text is another one") }
    if let time = Timestamp(iso8601: text) { require(!time.iso8601Micro.isEmpty, "a time has no text") }
}
