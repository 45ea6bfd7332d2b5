extension XMLElement {
    /// The document with this element as its root, on one line, everything escaped.
    ///
    /// Characters that XML 1.0 cannot hold at all (most control characters) become U+FFFD.
    public func serialized() -> String {
        var output = ""
        write(to: &output)
        return output
    }

    private func write(to output: inout String) {
        output += "<\(name)"
        for attribute in attributes {
            output += " \(attribute.name)=\""
            Self.escape(attribute.value, inAttribute: true, to: &output)
            output += "\""
        }
        guard !children.isEmpty else {
            output += "/>"
            return
        }
        output += ">"
        for child in children {
            switch child {
            case .element(let element): element.write(to: &output)
            case .text(let text): Self.escape(text, inAttribute: false, to: &output)
            }
        }
        output += "</\(name)>"
    }

    private static func escape(_ text: String, inAttribute: Bool, to output: inout String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"" where inAttribute: output += "&quot;"
            // A parser turns these into spaces in attributes, and a bare CR into LF everywhere.
            case "\n" where inAttribute: output += "&#10;"
            case "\t" where inAttribute: output += "&#9;"
            case "\r": output += "&#13;"
            case _ where !XMLReader.isAllowed(scalar): output += "\u{FFFD}"
            default: output.unicodeScalars.append(scalar)
            }
        }
    }
}
