import Glibc

/// The names in a folder, or why it could not be read.
public enum FolderNames {
    /// Reads a folder; blocks.
    ///
    /// - Returns: the names, sorted, without `.` and `..`; in case of a failure those read before it and its `errno`.
    public static func read(_ folder: String) -> (names: [String], errno: Int32?) {
        guard let directory = opendir(folder) else { return ([], errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else { break }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        let failure = errno
        names.sort()
        return (names, failure == 0 ? nil : failure)
    }

    /// The names in a folder; none when it does not exist or cannot be read.
    public static func orNone(_ folder: String) -> [String] { read(folder).names }
}
