public import NovaCore
public import NovaWire

/// What a server's config drive says beyond what its host knows anyway.
public struct ConfigDriveFacts: Record, Equatable {
    public var availabilityZone = ""
    public var launchIndex: Int64 = 0
    public var reservationID = ""
    public var keyName: String?
    public var keyData: String?
    /// Base64, as the user gave it; it may hold passwords.
    public var userData = Secret("")
    public var securityGroups: [String] = []
    public var files: [InjectedFile] = []

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("availability_zone", &availabilityZone)
        visitor.visit("launch_index", &launchIndex)
        visitor.visit("reservation_id", &reservationID)
        visitor.visit("key_name", &keyName)
        visitor.visit("key_data", &keyData)
        visitor.visit("user_data", &userData)
        visitor.visit("security_groups", &securityGroups)
        visitor.visit("files", &files)
    }
}

/// A file that a user wants in a server (`personality`).
public struct InjectedFile: Record, Equatable {
    public var path = ""
    /// Base64.
    public var contents = Secret("")

    public init() {}
    public init(_ path: String, contents: String) {
        self.path = path
        self.contents = Secret(contents)
    }

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("path", &path)
        visitor.visit("contents", &contents)
    }
}

/// The files of a config drive; equal ones are there once.
public struct ConfigDriveFiles: Record, Equatable {
    public var paths: [String] = []
    /// For each path the place of what it holds.
    public var places: [Int64] = []
    public var contents: [Blob] = []

    public init() {}

    @inlinable
    public mutating func fields<V: FieldVisitor>(_ visitor: inout V) {
        visitor.visit("paths", &paths)
        visitor.visit("places", &places)
        visitor.visit("contents", &contents)
    }

    /// Adds a file.
    public mutating func add(_ path: String, _ bytes: [UInt8]) {
        let blob = Blob(bytes)
        let place = contents.firstIndex(of: blob) ?? contents.count
        if place == contents.count { contents.append(blob) }
        paths.append(path)
        places.append(Int64(place))
    }

    /// The files; one whose place or path is nowhere in the drive is left out, as it may come from another host.
    public var all: [(path: String, bytes: [UInt8])] {
        zip(paths, places).compactMap { path, place in
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard let index = Int(exactly: place), contents.indices.contains(index),
                parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
            else { return nil }
            return (path, contents[index].bytes)
        }
    }
}
