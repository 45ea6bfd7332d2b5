import Glibc
import NovaConsoleLog

@main enum Main {
    static func main() { exit(ConsoleReader.run(CommandLine.arguments)) }
}
