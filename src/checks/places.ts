import * as z from 'zod';

/** The machines that a lab may have: every name that a lesson can write. */
export const machineNames = ['node1', 'node2', 'storage'] as const;

/** Which machines a check or a script is about (`on`). */
export const placesSchema = z.union([
  z.enum([...machineNames, 'nodes', 'all']),
  z.array(z.enum(machineNames)).min(1),
]);

/** Nodes of the cluster, by name. */
export const nodesSchema = z.array(z.enum(['node1', 'node2'])).min(1);

/** All nodes of the cluster, or these. */
export const nodesOrAllSchema = z.union([z.literal('all'), nodesSchema]);

/** An IPv4 address; "" is what {{storage_ip}} gives in a lab of two machines. */
export const ipSchema = z
  .string()
  .refine((text) => text === '' || z.ipv4().safeParse(text).success, 'expected an IPv4 address');
