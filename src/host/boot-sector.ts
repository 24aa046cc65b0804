/**
 * A boot sector for the weaker KVM probe: a guest of 512 bytes for when there is no kernel yet. It
 * goes from real into protected mode, runs an SSE2 instruction there as every kernel's compiled code
 * does, writes a line to the first serial port and ends QEMU through isa-debug-exit. Where KVM cannot
 * run guest code on the processor and emulates it instead, it stops at the SSE2 instruction.
 */

/** What the boot sector writes to the serial port. */
export const bootSectorSays = 'halab: guest code runs';

/** The BIOS loads a boot sector here. */
const origin = 0x7c00;
/** Where the parts of the sector begin, in bytes from its start. */
const parts = {
  protectedMode: 0x1b,
  descriptors: 0x54,
  descriptorsRegister: 0x6c,
  message: 0x72,
} as const;

const word = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
const long = (value: number): number[] => [...word(value & 0xffff), ...word(value >>> 16)];

// Instruction encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
// biome-ignore format: an instruction a line
const realMode = [
  0xfa, // cli
  0x31, 0xc0, // xor ax, ax
  0x8e, 0xd8, // mov ds, ax
  0x66, 0x0f, 0x01, 0x16, ...word(origin + parts.descriptorsRegister), // lgdt
  0x0f, 0x20, 0xc0, // mov eax, cr0
  0x0c, 0x01, // or al, 1: protected mode
  0x0f, 0x22, 0xc0, // mov cr0, eax
  0x66, 0xea, ...long(origin + parts.protectedMode), ...word(8), // jmp 8:protectedMode
];

// biome-ignore format: an instruction a line
const protectedMode = [
  0x66, 0xb8, ...word(16), // mov ax, 16
  0x8e, 0xd8, // mov ds, ax
  0x0f, 0x20, 0xe0, // mov eax, cr4
  0x0d, ...long(0x200), // or eax, OSFXSR: SSE is allowed
  0x0f, 0x22, 0xe0, // mov cr4, eax
  0x0f, 0x20, 0xc0, // mov eax, cr0
  0x24, 0xfb, // and al, not EM
  0x0c, 0x02, // or al, MP
  0x0f, 0x22, 0xc0, // mov cr0, eax
  0x66, 0x0f, 0xf4, 0xc1, // pmuludq xmm0, xmm1
  0xbe, ...long(origin + parts.message), // mov esi, message
  0x66, 0xba, ...word(0x3f8), // mov dx, first serial port
  0x8a, 0x06, // next: mov al, [esi]
  0x46, // inc esi
  0x84, 0xc0, // test al, al
  0x74, 0x03, // jz done
  0xee, // out dx, al
  0xeb, 0xf6, // jmp next
  0xb0, 0x10, // done: mov al, 16
  0xe6, 0xf4, // out 0xf4, al: QEMU ends with exit code 2 * 16 + 1
  0xf4, // hlt
];

/** The code segment, then the data segment: 4 GiB each, flat, after the null descriptor. */
// biome-ignore format: a descriptor a line
const descriptors = [
  ...long(0), ...long(0),
  ...long(0x0000ffff), ...long(0x00cf9a00),
  ...long(0x0000ffff), ...long(0x00cf9200),
];

/** The 512 bytes. */
export function bootSector(): Uint8Array {
  const sector = new Uint8Array(512);
  sector.set(realMode, 0);
  sector.set(protectedMode, parts.protectedMode);
  sector.set(descriptors, parts.descriptors);
  sector.set(
    [...word(descriptors.length - 1), ...long(origin + parts.descriptors)],
    parts.descriptorsRegister,
  );
  sector.set(Buffer.from(`${bootSectorSays}\n\0`, 'latin1'), parts.message);
  sector.set([0x55, 0xaa], 510);
  return sector;
}
