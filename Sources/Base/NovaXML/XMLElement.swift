/// One attribute of an element.
public struct XMLAttribute: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// What stands inside an element: text or another element.
public enum XMLNode: Sendable, Hashable {
    case element(XMLElement)
    case text(String)
}

/// An element of an XML document, its attributes and children in the order they are written.
public struct XMLElement: Sendable, Hashable {
    /// The qualified name as written, prefix and all: "nova:instance".
    public var name: String
    public var attributes: [XMLAttribute]
    public var children: [XMLNode]

    /// An element with text inside, or with nothing.
    public init(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String? = nil) {
        self.name = name
        self.attributes = attributes.map { XMLAttribute(name: $0.key, value: $0.value) }
        children = text.map { [.text($0)] } ?? []
    }

    /// An element with elements inside.
    public init(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], @XMLBuilder _ children: () -> [XMLElement]
    ) {
        self.name = name
        self.attributes = attributes.map { XMLAttribute(name: $0.key, value: $0.value) }
        self.children = children().map(XMLNode.element)
    }

    /// The value of an attribute; setting nil removes it.
    public subscript(attribute name: String) -> String? {
        get { attributes.first { $0.name == name }?.value }
        set {
            let index = attributes.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): attributes[index].value = value
            case (let index?, nil): attributes.remove(at: index)
            case (nil, let value?): attributes.append(XMLAttribute(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The child elements, in order.
    public var elements: [XMLElement] {
        children.compactMap { if case .element(let element) = $0 { element } else { nil } }
    }

    /// The text directly inside, joined.
    public var text: String {
        children.reduce(into: "") { if case .text(let part) = $1 { $0 += part } }
    }

    /// The first child element of that name.
    public func first(_ name: String) -> XMLElement? { elements.first { $0.name == name } }

    /// All child elements of that name.
    public func all(_ name: String) -> [XMLElement] { elements.filter { $0.name == name } }

    /// The first element along a path of names: `at("os", "type")`.
    public func at(_ path: String...) -> XMLElement? {
        var current = self
        for name in path {
            guard let next = current.first(name) else { return nil }
            current = next
        }
        return current
    }

    /// Appends a child element.
    public mutating func append(_ element: XMLElement) { children.append(.element(element)) }
}
