import RhoCheckpoint
import RhoCore
import RhoTestSupport
import Testing

@Suite struct SafetensorsTests {
    /// A file with this header text and this many data bytes.
    private func file(_ header: String, data: Int, in directory: TemporaryDirectory) throws -> String {
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }
        bytes += Array(header.utf8) + [UInt8](repeating: 0, count: data)
        return try directory.write("x.safetensors", bytes)
    }

    private func sentence(_ path: String) -> String {
        do {
            _ = try Safetensors(path: path)
            return "accepted"
        } catch {
            let text = error.message
            return error.code == .checkpoint ? text.replacingPrefix(path + ": ", with: "") : "\(error.code): \(text)"
        }
    }

    @Test func roundTripsValuesAndMetadata() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("m.safetensors")
        let values: [Float] = [1, -2.5, .infinity, Float(bitPattern: 3), 3.1415927, 0]
        try Safetensors.write(
            path, tensors: [SafetensorsTensor("b", shape: [2, 3], values), SafetensorsTensor("a", shape: [], [7])],
            metadata: [("z", "1"), ("format", "pt")])
        let read = try Safetensors(path: path)
        #expect(read.entries.map(\.name) == ["a", "b"])
        #expect(read.metadata.map(\.key) == ["format", "z"])
        #expect(try read.floats("b", shape: [2, 3]) == values)
        #expect(try read.floats("a", shape: []) == [7])
        #expect(read.entries[0].range.lowerBound % 8 == 0)
    }

    @Test func sameTensorsGiveSameBytes() throws {
        let directory = try TemporaryDirectory()
        let tensors = [SafetensorsTensor("b", shape: [2], [1, 2]), SafetensorsTensor("a", shape: [1], [3])]
        try Safetensors.write(directory.file("1"), tensors: tensors)
        try Safetensors.write(directory.file("2"), tensors: tensors.reversed())
        #expect(try Files.read(directory.file("1")) == Files.read(directory.file("2")))
        #expect(try Files.list(directory.path) == ["1", "2"])
    }

    @Test(arguments: [ElementType.f16, .bf16])
    func halvesRoundToNearest(type: ElementType) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("h.safetensors")
        let values: [Float] = [1, -0.5, 1.0009765625, 65504, 0.1, .nan, -.infinity]
        try Safetensors.write(path, tensors: [SafetensorsTensor("h", shape: [7], type: type, values)])
        let back = try Safetensors(path: path).floats("h", shape: [7])
        let bits: Float = type == .f16 ? 0x1p-11 : 0x1p-8
        for (value, read) in zip(values, back) {
            if value.isNaN {
                #expect(read.isNaN)
            } else if value.isInfinite {
                #expect(read == value)
            } else {
                #expect(abs(read - value) <= abs(value) * bits)
            }
        }
    }

    @Test func refusesFilesThatLie() throws {
        let directory = try TemporaryDirectory()
        #expect(
            sentence(try directory.write("short", [1, 2, 3]))
                == "not a safetensors file: 3 bytes, and the header length alone takes 8")
        #expect(
            sentence(try directory.write("huge", [0, 0, 0, 0, 25, 0, 0, 0]))
                == "the header claims 107374182400 bytes, and the format allows 100000000")
        #expect(
            sentence(try directory.write("all", [UInt8](repeating: 255, count: 16)))
                == "the header claims 18446744073709551615 bytes, and the format allows 100000000")
        #expect(
            sentence(try directory.write("cut", [64, 0, 0, 0, 0, 0, 0, 0, 123]))
                == "truncated: the header claims 64 bytes and 1 follow")
        #expect(sentence(try file("[1]", data: 0, in: directory)) == "the header is not a JSON object")
        #expect(sentence(try file("{\"a\":", data: 0, in: directory)).hasPrefix("the header is not valid JSON: "))
    }

    @Test(arguments: [
        (
            #"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 7,
            "truncated: tensor 't' ends at byte 8 of the data, and the file holds 7"
        ),
        (
            #"{"t":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8,
            "tensor 't' of dtype F32 and shape [3] needs 12 bytes and is given 8"
        ),
        (
            #"{"t":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, 8,
            "tensor 't' has dtype 'Q4', which is not a safetensors dtype known here"
        ),
        (#"{"t":{"shape":[2],"data_offsets":[0,8]}}"#, 8, "tensor 't' has no dtype"),
        (
            #"{"t":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8,
            "tensor 't' has a shape that is not a list of sizes: -2"
        ),
        (
            #"{"t":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8,
            "tensor 't' has a shape too large to count"
        ),
        (
            #"{"t":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8,
            "tensor 't' has no data_offsets [begin, end] with 0 <= begin <= end"
        ),
        (
            #"{"t":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8,
            "tensor 't' has no data_offsets [begin, end] with 0 <= begin <= end"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
            12, "tensor 'b' overlaps tensor 'a'"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8,
            "4 bytes before tensor 'a' belong to no tensor"
        ),
        (
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 9,
            "5 bytes after the last tensor belong to no tensor"
        ),
        (#"{"__metadata__":{"a":1}}"#, 0, "__metadata__.a is not a string"),
    ])
    func refusesHeaders(header: String, data: Int, expected: String) throws {
        let directory = try TemporaryDirectory()
        #expect(sentence(try file(header, data: data, in: directory)) == expected)
    }

    @Test func namesTheTensorOnWrongReads() throws {
        let directory = try TemporaryDirectory()
        let path = try file(
            #"{"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"norm":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
            data: 16, in: directory)
        let file = try Safetensors(path: path)
        func message(_ name: String, _ shape: [Int]) -> String {
            do {
                _ = try file.floats(name, shape: shape)
                return "read"
            } catch { return error.message.replacingPrefix(path + ": ", with: "") }
        }
        #expect(message("ids", [1]) == "tensor 'ids' has dtype I64, and only F32, F16 and BF16 can be read")
        #expect(message("norm", [1, 2]) == "tensor 'norm' has shape [2], expected [1, 2]")
        #expect(message("nrom", [2]) == "tensor 'nrom' is missing (did you mean 'norm'?)")
        #expect(message("norm", [2]) == "read")
    }

    @Test func noDamagedHeaderIsTrusted() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("t")
        try Safetensors.write(
            path,
            tensors: (0..<4).map {
                SafetensorsTensor("t\($0)", shape: [$0 + 1, 2], [Float](repeating: 1, count: 2 * $0 + 2))
            })
        let whole = try Files.read(path)
        var stream = RandomStream(seed: 1, name: "damage")
        for round in 0..<80 {
            var bytes = whole
            for _ in 0...round % 3 { bytes[stream.below(whole.count)] = UInt8(truncatingIfNeeded: stream.next()) }
            // Either a sentence, or a file whose every readable tensor can be read.
            guard let file = try? Safetensors(path: directory.write("x", bytes)) else { continue }
            for entry in file.entries where entry.type.isReadable {
                #expect(try file.floats(entry.name, shape: entry.shape).count == entry.count)
            }
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("t")
        try Safetensors.write(
            path,
            tensors: [
                SafetensorsTensor("a", shape: [5], [1, 2, 3, 4, 5]), SafetensorsTensor("b", shape: [2], [1, 2]),
            ])
        let whole = try Files.read(path)
        for length in stride(from: 0, to: whole.count, by: 5) {
            let cut = try directory.write("cut", Array(whole[..<length]))
            #expect(throws: RhoError.self) { try Safetensors(path: cut) }
        }
    }
}

extension String {
    func replacingPrefix(_ prefix: String, with other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}
