-- The wholesaler's exports into sorted Parquet, as one would write it by hand: every type given, nothing checked, nothing counted.
-- {data} is the folder of the exports, {out} where the Parquet goes; columns are named as in the tool's snapshots.
COPY (
    FROM read_csv('{data}/customers.csv', auto_detect = false, header = true, delim = ',', quote = '"', columns = {
        'customer_id': 'VARCHAR', 'email': 'VARCHAR', 'country': 'VARCHAR'
    })
    ORDER BY customer_id
) TO '{out}/customers.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    FROM read_csv('{data}/products.csv', auto_detect = false, header = true, delim = ',', quote = '"', columns = {
        'product_id': 'VARCHAR', 'title': 'VARCHAR'
    })
    ORDER BY product_id
) TO '{out}/products.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    FROM read_csv('{data}/orders.csv.gz', auto_detect = false, header = true, delim = ',', quote = '"', compression = 'gzip', columns = {
        'order_id': 'VARCHAR', 'customer_id': 'VARCHAR', 'ordered_at': 'TIMESTAMP', 'total': 'DECIMAL(18, 2)', 'country': 'VARCHAR'
    })
    WHERE customer_id IS NOT NULL AND NOT starts_with(order_id, 'C')
    ORDER BY customer_id, ordered_at
) TO '{out}/orders.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT items.*, orders.customer_id, orders.ordered_at
    FROM read_csv('{data}/order_items.csv.gz', auto_detect = false, header = true, delim = ',', quote = '"', compression = 'gzip', columns = {
        'order_id': 'VARCHAR', 'product_id': 'VARCHAR', 'quantity': 'BIGINT', 'price': 'DECIMAL(18, 3)'
    }) AS items
    JOIN read_parquet('{out}/orders.parquet') AS orders USING (order_id)
    ORDER BY orders.customer_id, orders.ordered_at
) TO '{out}/order_items.parquet' (FORMAT parquet, COMPRESSION zstd);
