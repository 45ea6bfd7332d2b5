/// Lets the children of an element be written one below the other, with conditions and loops.
@resultBuilder
public enum XMLBuilder {
    public static func buildExpression(_ element: XMLElement) -> [XMLElement] { [element] }
    public static func buildExpression(_ element: XMLElement?) -> [XMLElement] { element.map { [$0] } ?? [] }
    public static func buildExpression(_ elements: [XMLElement]) -> [XMLElement] { elements }
    public static func buildBlock(_ parts: [XMLElement]...) -> [XMLElement] { parts.flatMap(\.self) }
    public static func buildOptional(_ part: [XMLElement]?) -> [XMLElement] { part ?? [] }
    public static func buildEither(first: [XMLElement]) -> [XMLElement] { first }
    public static func buildEither(second: [XMLElement]) -> [XMLElement] { second }
    public static func buildArray(_ parts: [[XMLElement]]) -> [XMLElement] { parts.flatMap(\.self) }
}
