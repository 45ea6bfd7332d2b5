/// Why bytes are no JSON text, and where.
struct JSONFault: Error {
    var reason: String
    var position: Int
}

/// One pass over a JSON text: strict, bounded in depth, reading each byte once.
struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0
    private var depth = 0
    private let maximumDepth: Int

    init(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    /// The value that the whole text is.
    mutating func document() throws(JSONFault) -> JSONValue {
        let value = try self.value()
        skipSpace()
        guard at == bytes.count else { throw fault("text after the value") }
        return value
    }

    private func fault(_ reason: String) -> JSONFault { JSONFault(reason: reason, position: at) }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    private mutating func next() throws(JSONFault) -> UInt8 {
        skipSpace()
        guard at < bytes.count else { throw fault("the text ends too early") }
        return bytes[at]
    }

    private mutating func value() throws(JSONFault) -> JSONValue {
        switch try next() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""):
            at += 1
            return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault("no value begins so")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { throw fault("the text ends too early") }
        for offset in 0..<count where bytes[at + offset] != text.utf8Start[offset] { throw fault("unknown word") }
        at += count
        return value
    }

    private mutating func enter() throws(JSONFault) {
        at += 1
        depth += 1
        guard depth <= maximumDepth else { throw fault("nested too deeply") }
    }

    private mutating func object() throws(JSONFault) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var object = JSONObject()
        if try next() == UInt8(ascii: "}") {
            at += 1
            return .object(object)
        }
        while true {
            guard try next() == UInt8(ascii: "\"") else { throw fault("a name is expected") }
            at += 1
            let name = try string()
            guard try next() == UInt8(ascii: ":") else { throw fault("a colon is expected") }
            at += 1
            let member = try value()
            guard object.append(name, member) else { throw fault("a name is given twice") }
            switch try next() {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "}"):
                at += 1
                return .object(object)
            default: throw fault("a comma or the end of the object is expected")
            }
        }
    }

    private mutating func array() throws(JSONFault) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        if try next() == UInt8(ascii: "]") {
            at += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            switch try next() {
            case UInt8(ascii: ","): at += 1
            case UInt8(ascii: "]"):
                at += 1
                return .array(elements)
            default: throw fault("a comma or the end of the array is expected")
            }
        }
    }

    // Behind the opening quote.
    private mutating func string() throws(JSONFault) -> String {
        let start = at
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                guard let text = String(validating: bytes[start..<at], as: UTF8.self) else { throw fault("bad UTF-8") }
                at += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw fault("a control character in a string")
            default: at += 1
            }
        }
        throw fault("a string does not end")
    }

    private mutating func escapedString(from start: Int) throws(JSONFault) -> String {
        var text = Array(bytes[start..<at])
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw fault("bad UTF-8") }
                return string
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw fault("a control character in a string")
            default: text.append(byte)
            }
        }
        throw fault("a string does not end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONFault) {
        guard at < bytes.count else { throw fault("a string does not end") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexDigits()
            if (0xD800...0xDBFF).contains(code) {
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
                    throw fault("half of a surrogate pair")
                }
                at += 2
                let low = try hexDigits()
                guard (0xDC00...0xDFFF).contains(low) else { throw fault("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw fault("half of a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw fault("unknown escape")
        }
    }

    private mutating func hexDigits() throws(JSONFault) -> UInt32 {
        guard at + 4 <= bytes.count else { throw fault("a string does not end") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt32
            switch bytes[at] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(bytes[at] - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(bytes[at] - UInt8(ascii: "a")) + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(bytes[at] - UInt8(ascii: "A")) + 10
            default: throw fault("four hex digits are expected")
            }
            code = code << 4 | digit
            at += 1
        }
        return code
    }

    private mutating func digits() throws(JSONFault) {
        let start = at
        while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) { at += 1 }
        guard at > start else { throw fault("a digit is expected") }
    }

    private mutating func number() throws(JSONFault) -> JSONValue {
        let start = at
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        let first = at
        try digits()
        guard bytes[first] != UInt8(ascii: "0") || at == first + 1 else { throw fault("a number begins with zero") }
        var isExact = true
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            isExact = false
            at += 1
            try digits()
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            isExact = false
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isExact {
            guard let value = Int64(text) else { throw fault("an integer beyond 64 bits") }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else { throw fault("a number out of range") }
        return .number(value)
    }
}
