import Glibc
import NovaCore

/// The three pipes between us and a child.
struct SpawnPipes {
    let input: (read: Int32, write: Int32)
    let output: (read: Int32, write: Int32)
    let errors: (read: Int32, write: Int32)

    init(_ command: Command) throws {
        var opened: [Int32] = []
        for _ in 0..<3 {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else {
                for descriptor in opened { close(descriptor) }
                throw NovaError(.unavailable, "The host has no free file descriptors.", details: command.name)
            }
            // A child started in between closes everything from 3 on by itself.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            opened += ends
        }
        (input, output, errors) = ((opened[0], opened[1]), (opened[2], opened[3]), (opened[4], opened[5]))
    }

    func closeChildEnds() {
        for descriptor in [input.read, output.write, errors.write] { close(descriptor) }
    }

    func closeAll() {
        for end in [input, output, errors] {
            close(end.read)
            close(end.write)
        }
    }
}

/// A NULL-terminated array of C strings.
struct CStrings {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) { pointers = strings.map { strdup($0) } + [nil] }

    func free() { for pointer in pointers { Glibc.free(pointer) } }
}
