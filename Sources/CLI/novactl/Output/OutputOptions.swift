import ArgumentParser
import NovaSchema

/// How results are printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON for programs.") var json = false

    /// Prints a list: a table of the given columns, or all of it as JSON.
    func show(_ values: [JSONValue], _ columns: [Column]) {
        guard !json else {
            Console.write(JSONValue.array(values).text)
            return
        }
        var table = Table(columns.map(\.heading))
        for value in values { table.add(columns.map { $0.cell(value) }) }
        Console.write(table.text)
    }

    /// Prints one thing: its members line by line, or JSON.
    func show(_ value: JSONValue, hiding hidden: Set<String> = ["links"]) {
        guard !json else {
            Console.write(value.text)
            return
        }
        var table = Table(["Field", "Value"])
        for member in value.objectValue ?? JSONObject() where !hidden.contains(member.key) {
            table.add([member.key, member.value.cell])
        }
        Console.write(table.text)
    }
}

/// A column of a table made from JSON objects.
struct Column: Sendable {
    let heading: String
    let cell: @Sendable (JSONValue) -> String

    /// A column of a member, found by a path of names.
    init(_ heading: String, _ path: String...) {
        self.heading = heading
        cell = { value in
            var found: JSONValue? = value
            for name in path { found = found?[name] }
            return found?.cell ?? "-"
        }
    }

    /// A column that is worked out.
    init(_ heading: String, _ cell: @escaping @Sendable (JSONValue) -> String) {
        self.heading = heading
        self.cell = cell
    }
}
