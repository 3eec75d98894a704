import RhoCore

/// Documents made by a function of their index; nil leaves that index out.
///
/// The function must give the same document for the same index each time, because a corpus is read more than once.
public final class GeneratedSource: DocumentSource {
    public let name: String
    public let cacheKey: String?
    public let count: Int
    private let make: (Int) throws -> Document?
    public private(set) var report = ReadReport()

    /// - Parameters:
    ///   - count: how many indices, from 0.
    ///   - cacheKey: a text that changes with the function (a version and its arguments), or nil.
    public init(name: String, count: Int, cacheKey: String? = nil, make: @escaping (Int) throws -> Document?) {
        self.name = name
        self.count = max(0, count)
        self.cacheKey = cacheKey.map { JSON.array(["generated", JSON(name), JSON(count), JSON($0)]).canonical }
        self.make = make
    }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        report = ReadReport()
        for index in 0..<count {
            report.rows += 1
            guard let document = try make(index) else {
                report.filtered += 1
                continue
            }
            report.documents += 1
            if try !body(document) { return }
        }
    }
}

/// Documents that are in memory already.
public final class ListSource: DocumentSource {
    public let name: String
    public let list: [Document]
    public private(set) var report = ReadReport()

    public init(_ list: [Document], name: String = "documents") {
        self.list = list
        self.name = name
    }

    public var cacheKey: String? { (try? contentHash()).map { "list \($0)" } }

    public func forEach(_ body: (Document) throws -> Bool) throws {
        report = ReadReport()
        for document in list {
            report.rows += 1
            report.documents += 1
            if try !body(document) { return }
        }
    }
}
