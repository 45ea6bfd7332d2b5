import Glibc
import NovaCore

/// A question before something is done that cannot be undone.
enum Confirmation {
    /// Asks on a terminal, unless the answer was given with --yes.
    ///
    /// - Throws: `badRequest` when nobody can be asked, `cancelled` when the answer is no.
    static func ask(_ question: String, isGiven: Bool) throws {
        guard !isGiven else { return }
        guard isatty(STDIN_FILENO) == 1 else {
            throw NovaError(.badRequest, "\(question) Nobody can be asked here: repeat it with --yes.")
        }
        Console.complain("\(question) [y/N]")
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else { throw NovaError(.cancelled, "Nothing was changed.") }
    }
}
