/// The password that a create request answers with when the user gave none.
enum AdminPassword {
    /// 12 characters without the ones that look alike.
    static func random() -> String {
        let letters = Array("23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
        var generator = SystemRandomNumberGenerator()
        return String((0..<12).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] })
    }
}
