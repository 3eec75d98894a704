import RhoCore
import RhoTestSupport
import RhoTraining
import Testing

@Suite struct SeeEventFileTests {
    /// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    @Test func knownChecksums() {
        #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.of([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.of((0..<32).map { UInt8($0) }) == 0x46DD_794E)
        #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.masked([UInt8]()) == 0xA282_EAD8)
    }

    /// Bytes that TensorBoard's own writer makes for these events.
    @Test func knownRecords() {
        #expect(hex(EventRecord.version(wallTime: 1.5)) == Self.version)
        #expect(hex(EventRecord.scalars([("train/loss", 0.25)], wallTime: 2, step: 300)) == Self.scalar)
        #expect(hex(EventRecord.sessionStart(wallTime: 2, step: 1)) == Self.session)
    }

    private static let version = "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"
    private static let scalar =
        "2100000000000000017becf609000000000000004010ac022"
        + "a130a110a0a747261696e2f6c6f7373150000803ee89dc1a5"
    private static let session = "0f000000000000006d532b0909000000000000004010013a0208010f918e8d"

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func exportsReplaceTheirOwn() throws {
        let fixture = try RunFixture()
        let path = try fixture.run("one", arms: [("clm", [6, 3])])
        _ = try fixture.directory.write("one/clm/events.out.tfevents.1.host.1.0", "another program's")
        let first = try EventFile.export(ArmRecord(path: path + "/clm"))
        let bytes = try Files.read(first)
        let second = try EventFile.export(ArmRecord(path: path + "/clm"))
        #expect(try Files.read(second) == bytes)
        let names = try Files.list(path + "/clm").filter { $0.hasPrefix("events") }
        #expect(names.count == 2 && names.contains("events.out.tfevents.1.host.1.0"))
    }

    @Test func liveFilesGrow() throws {
        let directory = try TemporaryDirectory()
        let file = try EventFile(directory: directory.file("arm"), step: 1, wallTime: 1000)
        let start = try Files.size(file.path)
        try file.append(step: 1, tokens: 10, ["train/loss": 2.5, "train/bad": "NaN"], wallTime: 1001)
        #expect(try Files.size(file.path) > start)
        #expect(Files.name(of: file.path).hasPrefix("events.out.tfevents.1000."))
    }
}
